using ParScale.Checkpoints;
using ParScale.Generation;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Model;
using ParScale.Vulkan.Passes;
using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;

namespace ParScale.Vulkan.Tests.Passes;

/// <summary>An anchor with helpers on the device: the bits of a token depend on its own helpers alone, and its cache is the plain model's.</summary>
public class AnchoredPassTests(TestDevice test) : ModelTest(test)
{
    private const int Length = 24, Vocabulary = 50;

    public static TheoryData<WeightDtype, KvDtype> Types => new()
    {
        { WeightDtype.F32, KvDtype.F32 },
        { WeightDtype.Bf16, KvDtype.Bf16 },
        { WeightDtype.Q8, KvDtype.Q8 },
        { WeightDtype.Q4, KvDtype.Bf16 },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void What_a_token_gets_does_not_depend_on_helpers_of_others_or_on_how_the_text_is_cut(WeightDtype type, KvDtype cache)
    {
        using LanguageModel model = LoadAnchored(type, cache), cpu = LanguageModel.Load(Folder("anchored"), new LoadOptions { Dtype = type, KvDtype = cache });
        int[] tokens = Tokens(Length, Vocabulary, 1);
        ulong[] chosen = Chosen(Length, 4, seed: 3);
        float[] found = LogitsOf(model, tokens, chosen, Length);
        Assert.Equal(found, LogitsOf(model, tokens, chosen, [.. Enumerable.Repeat(1, Length)]));
        Assert.Equal(found, LogitsOf(model, tokens, chosen, 1, 17, 6));
        foreach (ulong mask in (ulong[])[1, 3, 9])
        {
            float[] alone = LogitsOf(model, tokens, [.. tokens.Select(_ => mask)], Length);
            for (int t = 0; t < Length; t++)
                if (chosen[t] == mask) Assert.Equal(alone[(t * Vocabulary)..((t + 1) * Vocabulary)], found[(t * Vocabulary)..((t + 1) * Vocabulary)]);
        }
        // Caches of 8 bits: RandomModelTests has what is asked of them.
        if (cache != KvDtype.Q8) Close(LogitsOf(cpu, tokens, chosen, Length), found, cache == KvDtype.F32 ? 1e-5 : 2e-2, $"{type}, {cache}");
        CheckRecorded();
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void The_anchor_alone_is_the_plain_model_and_its_cache(WeightDtype type, KvDtype cache)
    {
        using LanguageModel model = LoadAnchored(type, cache);
        int[] tokens = Tokens(30, Vocabulary, 2);
        float[] expected = [.. Logits(model, tokens, [30], 1).SelectMany(row => row)];
        Assert.Equal(expected, LogitsOf(model, tokens, [.. tokens.Select(_ => 1UL)], 17, 1, 12));
        // Where no helper runs, no aggregator does.
        Assert.DoesNotContain(Shared.Last!.Recorded.SelectMany(pass => pass.Parts).SelectMany(part => part.Log), command => command.Name == "join");
        Assert.NotEqual(model.Logits(tokens, 1, Stop).Last, model.Logits(tokens, 4, Stop).Last);
        using Session anchored = model.CreateSession(30, 4);
        anchored.Append(tokens, Stop);
        using Session fork = anchored.Fork();
        fork.Rewind(12);
        Assert.Equal(model.Logits([.. tokens[..12], 7], 4, Stop).Last, fork.Append([7], Stop).ToArray());
        CheckRecorded();
    }

    [Fact]
    public async Task Requests_with_helpers_and_without_get_at_the_same_time_what_each_would_get_alone()
    {
        using LanguageModel model = LoadAnchored(WeightDtype.Q8, KvDtype.Q8);
        var alone = new List<string>();
        for (int i = 0; i < 9; i++) alone.Add(await Generate(model, i));
        Assert.Equal(alone, await Task.WhenAll(Enumerable.Range(0, 9).Select(i => Task.Run(() => Generate(model, i), Stop))));
        CheckRecorded();
    }

    // The gate looks at the anchor's entropy: in floats it opens where the CPU's does.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_gate_opens_where_it_does_on_the_CPU(bool anchored)
    {
        string folder = Folder("gated");
        RandomCheckpoint.Write(folder, RandomCheckpoint.Config(4, hidden: 32, layers: 2, vocabulary: Vocabulary, anchored: anchored), seed: 14);
        if (!anchored) CutCheckpoint.MakeElastic(folder, 1, 4);
        using LanguageModel model = Load(folder), cpu = LanguageModel.Load(folder);
        (string Tokens, double Streams) expected = await Gated(cpu), found = await Gated(model);
        Assert.Equal(expected, found);
        Assert.InRange(found.Streams, 1.01, 3.99);
        CheckRecorded();
    }

    // More tokens with few helpers each than their P states together would have rows.
    [Fact]
    public void Many_tokens_with_few_helpers_are_mixed_in_pieces()
    {
        using LanguageModel model = LoadAnchored(WeightDtype.F32, KvDtype.F32, maxPositions: 256);
        int[] tokens = Tokens(120, Vocabulary, 5);
        ulong[] chosen = [.. Enumerable.Range(0, tokens.Length).Select(i => 1UL | 2UL << i % 3)];
        float[] expected = LogitsOf(model, tokens, chosen, 50, 3, 67);
        using Checkpoint checkpoint = Checkpoint.Open(Folder("anchored"));
        using Backbone backbone = Backbone.From(new WeightReader(checkpoint, null), checkpoint.Config.Model);
        StreamSet set = StreamSet.From(new WeightReader(checkpoint, null), checkpoint.Config.Model, checkpoint.Config.Streams, KvDtype.F32);
        using var pool = new WorkerPool(1);
        using var forward = new VulkanForwardPass(Device, owner: null, backbone, [StreamSet.Plain, set], KvDtype.F32, pool);
        using KeyValues cache = forward.NewCache(set, KvDtype.F32, tokens.Length);
        Assert.Equal(tokens.Length, forward.Run(tokens, [new PassSequence(cache, set, tokens.Length, tokens.Length) { Active = chosen }]));
        float[] first = forward.Logits(0, 64).ToArray(), second = forward.Logits(64, tokens.Length - 64).ToArray();
        Assert.Equal(expected, first.Concat(second));
        for (int i = 0; i < tokens.Length; i++)
            Assert.Equal([true, .. Enumerable.Range(0, 3).Select(p => p == i % 3)], forward.StreamWeights(4 * i, 4).ToArray().Select(weight => weight > 0));
        Recording recording = forward.Recorded[0].Parts[0];
        Assert.Equal(2, recording.Log.Count(command => command.Name == "join"));
        Check(recording);
        set.Free();
    }

    private static async Task<(string Tokens, double Streams)> Gated(LanguageModel model)
    {
        var options = new GenerationOptions
        {
            MaxNewTokens = 30,
            IgnoreEndOfText = true,
            Sampling = SamplingOptions.Greedy,
            Gate = new StreamGate { Threshold = 3.2, Budget = 2.5 },
        };
        var tokens = new List<int>();
        double streams = 0;
        await foreach (GeneratedPiece piece in model.GenerateAsync(Tokens(9, Vocabulary, 5), options, Stop))
        {
            if (piece.TokenId is { } token) tokens.Add(token);
            streams = piece.Statistics?.MeanStreams ?? streams;
        }
        return (string.Join(' ', tokens), streams);
    }

    // Anchored and plain ones, with a gate and without.
    private static async Task<string> Generate(LanguageModel model, int number)
    {
        var options = new GenerationOptions
        {
            MaxNewTokens = 4 + number,
            Streams = number % 3 == 0 ? 1 : 4,
            Gate = number % 3 == 2 ? new StreamGate { Threshold = 3.5 } : null,
            StreamWeights = true,
            IgnoreEndOfText = true,
            TopLogProbs = 1,
            Sampling = new SamplingOptions { Temperature = number % 2, Seed = (ulong)number },
        };
        var tokens = new List<string>();
        await foreach (GeneratedPiece piece in model.GenerateAsync(Tokens(3 + 4 * number, Vocabulary, number), options, Stop))
            tokens.Add(FormattableString.Invariant($"{piece.TokenId} {piece.Prediction?.LogProb:R} {string.Join(' ', piece.StreamWeights ?? [])}"));
        return string.Join('\n', tokens);
    }

    private LanguageModel LoadAnchored(WeightDtype type, KvDtype cache, int maxPositions = 128)
    {
        if (!Directory.Exists(Folder("anchored")))
        {
            RandomCheckpoint.Write(
                Folder("anchored"),
                RandomCheckpoint.Config(4, hidden: 48, heads: 4, headSize: 20, intermediate: 70, vocabulary: Vocabulary, maxPositions: maxPositions, anchored: true),
                seed: 12);
        }
        return Load(Folder("anchored"), new LoadOptions { Dtype = type, KvDtype = cache });
    }
}
