using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Generation;
using ParScale.Generation.Constraints;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Model;
using ParScale.Vulkan.Passes;
using ParScale.Vulkan.Tests.Support;

namespace ParScale.Vulkan.Tests.Passes;

/// <summary>Passes that give the likeliest tokens in place of all logits: requests get the same tokens, and whoever asks for all logits gets those of other passes.</summary>
public class LikeliestPassTests(TestDevice test) : ModelTest(test)
{
    private const int Requests = 10;

    // Each for those who share a batch: what the likeliest tokens decide, and others among them.
    [Theory]
    [InlineData(null, false)]
    [InlineData(WeightDtype.Q8, false)]
    [InlineData(WeightDtype.Q8, true)]
    public async Task Requests_get_the_tokens_that_each_gets_alone_from_all_logits(WeightDtype? type, bool others)
    {
        string folder = Write();
        var alone = new List<string>();
        using (LanguageModel model = LoadSets(folder, type, always: false, out SharedDevice device))
        {
            for (int i = 0; i < Requests; i++) alone.Add(await Generate(model, i, others));
            Assert.DoesNotContain(device.Last!.Recorded, pass => pass.Shape.Likeliest);
            Assert.Equal(alone, await Together(model, others));
        }
        using (LanguageModel model = LoadSets(folder, type, always: true, out SharedDevice device))
        {
            Assert.Equal(alone, await Together(model, others));
            for (int i = 0; i < Requests; i++) Assert.Equal(alone[i], await Generate(model, i, others));
            Assert.Contains(device.Last!.Recorded, pass => pass.Shape.Likeliest);
            Assert.Equal(others, device.Last!.Recorded.Any(pass => !pass.Shape.Likeliest && pass.Shape.Size.Wanted > 0));
            Assert.All(device.Last.Recorded.SelectMany(pass => pass.Parts), Check);
        }
    }

    [Fact]
    public async Task More_requests_than_a_head_takes_at_once_that_penalties_take_the_likeliest_from()
    {
        const int requests = 66, tokens = 67;
        string folder = Write();
        var options = new GenerationOptions { MaxNewTokens = tokens, IgnoreEndOfText = true, Streams = 1, Sampling = new SamplingOptions { Temperature = 0, PresencePenalty = 100 } };
        async Task<string> One(LanguageModel model, int number)
        {
            var chosen = new List<int?>();
            await foreach (GeneratedPiece piece in model.GenerateAsync(new[] { number, 1 + number / 2 }, options, Stop)) chosen.Add(piece.TokenId);
            // Never the same again, so the last ones are behind the first 64.
            Assert.Equal(tokens, chosen.OfType<int>().Distinct().Count());
            return string.Join(' ', chosen);
        }
        async Task<string[]> All(bool always)
        {
            using LanguageModel model = LoadSets(folder, WeightDtype.Q8, always, out SharedDevice device);
            string[] texts = await Task.WhenAll(Enumerable.Range(0, requests).Select(i => Task.Run(() => One(model, i), Stop)));
            Assert.Equal(always, device.Last!.Recorded.Any(pass => pass.Shape.Likeliest && pass.Shape.Size.Wanted > ForwardPass.MostLogits));
            Assert.All(device.Last.Recorded.SelectMany(pass => pass.Parts), Check);
            return texts;
        }
        Assert.Equal(await All(always: false), await All(always: true));
    }

    [Fact]
    public void A_logit_that_is_not_finite_is_refused_alike()
    {
        CheckpointConfig config = RandomCheckpoint.Config(streams: 1, hidden: 64, heads: 4, layers: 1, vocabulary: 3000, tied: false);
        RandomCheckpoint.Write(Folder("broken"), config, seed: 3, change: (name, values) =>
        {
            // The row of one token, which is not among the first.
            if (name == "lm_head.weight") values.AsSpan(2500 * 64, 64).Fill(3e38f);
        });
        string[] lines = [.. new[] { long.MaxValue, 0 }.Select(from =>
        {
            var device = new SharedDevice(Device) { LikeliestFrom = from };
            using LanguageModel model = LanguageModel.Load(Folder("broken"), new LoadOptions { Device = device });
            var options = new GenerationOptions { MaxNewTokens = 3, Sampling = SamplingOptions.Greedy };
            var refused = Assert.Throws<ParScaleException>(() => model.GenerateAsync(new[] { 1 }, options, Stop).ToBlockingEnumerable(Stop).Count());
            Assert.Equal(from == 0, device.Last!.Recorded[^1].Shape.Likeliest);
            return refused.Message;
        })];
        Assert.Equal(lines[0], lines[1]);
    }

    // Divided logits may become equal only then. Capped ones may change places, and those that are divided by less than 1 become infinite: neither are chosen from.
    [Theory]
    [InlineData("qwen2", 1, true)]
    [InlineData("qwen2", 7, true)]
    [InlineData("qwen2", 0.7, false)]
    [InlineData("gemma2", 1, false)]
    public void Logits_are_those_of_a_pass_that_does_not_choose(string family, double divisor, bool chooses)
    {
        FamilyConfigs.Write(Folder(family), family, streams: 2, seed: 8);
        using Checkpoint checkpoint = Checkpoint.Open(Folder(family));
        ModelConfig config = checkpoint.Config.Model with { LogitsDivisor = divisor };
        using Backbone backbone = Backbone.From(new WeightReader(checkpoint, WeightDtype.Q8), config);
        StreamSet set = StreamSet.From(new WeightReader(checkpoint, WeightDtype.Q8), config, checkpoint.Config.Streams, KvDtype.Bf16);
        using var pool = new WorkerPool(1);
        using var forward = new VulkanForwardPass(Device, owner: null, backbone, [StreamSet.Plain, set], KvDtype.Bf16, pool) { LikeliestFrom = 0 };
        Assert.Equal(chooses, forward.CanChoose);
        const int sequences = 90;
        int[] tokens = Tokens(sequences, config.VocabularySize, 3);
        KeyValues[] caches = [.. tokens.Select((_, i) => forward.NewCache(SetOf(i), KvDtype.Bf16, 4))];
        float[] expected = Run(likeliest: false);
        Assert.True(forward.LikeliestOf(0).Tokens.IsEmpty);
        Assert.Empty(Run(likeliest: true, but: 5));
        Assert.True(forward.LikeliestOf(0).Tokens.IsEmpty);
        Assert.Empty(Run(likeliest: true));
        Assert.Equal(chooses, !forward.LikeliestOf(0).Tokens.IsEmpty);
        // Of the last rows, which are there, of first ones, and of the last ones again, each twice.
        foreach (int row in (int[])[80, 80, 3, 3, 89, 64, 0])
        {
            float[] own = expected[(row * config.VocabularySize)..((row + 1) * config.VocabularySize)];
            if (chooses) CheckLikeliest(own, forward.LikeliestOf(row), divided: divisor != 1);
            Assert.Equal(own, forward.Logits(row, 1));
        }
        Assert.All(forward.Recorded.SelectMany(pass => pass.Parts), Check);
        foreach (KeyValues cache in caches) cache.Dispose();
        set.Free();

        StreamSet SetOf(int i) => i % 3 == 0 ? set : StreamSet.Plain;

        // Those of all rows where the pass gives logits.
        float[] Run(bool likeliest, int but = -1)
        {
            foreach (KeyValues cache in caches) cache.Rewind(0);
            PassSequence[] pass = [.. caches.Select((cache, i) => new PassSequence(cache, SetOf(i), 1, 1) { LikeliestDo = likeliest && i != but })];
            Assert.Equal(sequences, forward.Run(tokens, pass));
            return likeliest ? [] : [.. forward.Logits(0, 64).ToArray(), .. forward.Logits(64, sequences - 64).ToArray()];
        }
    }

    [Fact]
    public void Small_passes_do_not_choose()
    {
        var device = new SharedDevice(Device);
        using LanguageModel model = LanguageModel.Load(Write(), new LoadOptions { Device = device });
        Assert.NotEmpty(model.GenerateAsync(new[] { 1 }, new GenerationOptions { MaxNewTokens = 3, Sampling = SamplingOptions.Greedy }, Stop).ToBlockingEnumerable(Stop));
        Assert.Equal(1 << 19, device.Last!.LikeliestFrom);
        Assert.DoesNotContain(device.Last.Recorded, pass => pass.Shape.Likeliest);
    }

    private static void CheckLikeliest(float[] logits, Likeliest likeliest, bool divided)
    {
        Assert.True(likeliest.AllFinite);
        Assert.Equal(Math.Min(logits.Length, Likeliest.Most), likeliest.Tokens.Length);
        int[] sorted = [.. Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).ThenBy(i => i)];
        if (!divided) Assert.Equal(sorted.AsSpan(0, likeliest.Tokens.Length), likeliest.Tokens);
        Assert.Equal(sorted.Take(likeliest.Tokens.Length).Select(token => logits[token]), likeliest.Logits.ToArray());
        for (int i = 0; i < likeliest.Tokens.Length; i++) Assert.Equal(logits[likeliest.Tokens[i]], likeliest.Logits[i]);
    }

    private static GenerationOptions Options(int number, bool others)
    {
        var options = new GenerationOptions
        {
            MaxNewTokens = 20 + number,
            Streams = 1 << (number % 3),
            StreamWeights = number % 2 == 0,
            IgnoreEndOfText = true,
            MinNewTokens = number == 4 ? 12 : 0,
            Sampling = (number % 5) switch
            {
                0 => SamplingOptions.Greedy,
                1 => new SamplingOptions { Temperature = 1, TopK = 40, TopP = 0.9, Seed = (ulong)number },
                2 => new SamplingOptions { Temperature = 0, RepetitionPenalty = 1.3, PresencePenalty = 0.4, FrequencyPenalty = 0.3 },
                3 => new SamplingOptions { Temperature = 1.5, TopK = 64, MinP = 0.01, Seed = (ulong)number },
                _ => new SamplingOptions { Temperature = 0.7, TopK = 5, RepetitionPenalty = 1.1, Seed = (ulong)number },
            },
        };
        if (!others) return options with { MinNewTokens = 0 };
        return (number % 5) switch
        {
            0 => options with { TopLogProbs = 3, PromptLogProbs = true },
            1 => options with { Constraint = OutputConstraint.JsonObject },
            3 => options with { Sampling = new SamplingOptions { Temperature = 1, TopP = 0.8, Seed = 3 } },
            _ => options,
        };
    }

    private static async Task<string> Generate(LanguageModel model, int number, bool others)
    {
        var tokens = new List<string>();
        await foreach (GeneratedPiece piece in model.GenerateAsync(Tokens(3 + 2 * number, 256, number), Options(number, others), Stop))
            tokens.Add(FormattableString.Invariant($"{piece.TokenId} {piece.Text} {piece.Prediction?.LogProb:R} {string.Join(',', piece.StreamWeights?.Select(weight => $"{weight:R}") ?? [])}"));
        return string.Join('\n', tokens);
    }

    private static Task<string[]> Together(LanguageModel model, bool others) =>
        Task.WhenAll(Enumerable.Range(0, Requests).Select(i => Task.Run(() => Generate(model, i, others), Stop)));

    private LanguageModel LoadSets(string folder, WeightDtype? type, bool always, out SharedDevice device)
    {
        device = new SharedDevice(Device) { LikeliestFrom = always ? 0 : long.MaxValue };
        LanguageModel model = LanguageModel.Load(folder, new LoadOptions { Dtype = type, ReusePrefixes = false, Device = device });
        model.AddStreams(Folder("p2"));
        model.AddStreams(Folder("p4"));
        return model;
    }

    private string Write()
    {
        string folder = Folder("model");
        var tokenizer = new TinyTokenizer();
        int last = tokenizer.Add("<|last|>", special: true);
        RandomCheckpoint.Write(folder, RandomCheckpoint.Config(
            streams: 1, hidden: 64, heads: 4, layers: 2, intermediate: 96, vocabulary: last + 1, maxPositions: 160, endOfText: [TinyTokenizer.EndOfText]), seed: 21);
        // Normal forms need ICU, which roots and machines that only compute lack.
        tokenizer.Root.Remove("normalizer");
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), tokenizer.Root.ToJsonString());
        foreach (int streams in (int[])[2, 4]) RandomCheckpoint.WriteAddOn(Folder($"p{streams}"), folder, new StreamConfig(streams, 6, 0.1), seed: streams);
        return folder;
    }
}
