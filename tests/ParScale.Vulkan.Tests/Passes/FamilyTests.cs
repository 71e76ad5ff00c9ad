using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Model;
using ParScale.Vulkan.Passes;
using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;

namespace ParScale.Vulkan.Tests.Passes;

/// <summary>Models of every family with random weights, with streams and with helpers of an anchor, against float64 and beside others.</summary>
public class FamilyTests(TestDevice test) : ModelTest(test)
{
    private const int Length = 12;

    public static TheoryData<string> Families => [.. FamilyConfigs.Names];

    [Theory]
    [MemberData(nameof(Families))]
    public void Streams_match_float64(string name)
    {
        TensorType type = name.Length % 2 == 0 ? TensorType.BF16 : TensorType.F32;
        CheckpointConfig config = FamilyConfigs.Write(Folder("model"), name, streams: 2, seed: 3, type: type);
        int[] tokens = Tokens(Length, config.Model.VocabularySize, 9);
        using Checkpoint checkpoint = Checkpoint.Open(Folder("model"));
        double[] Exact(Random? random) => [.. Oracle.Of(checkpoint, random).Logits(tokens).SelectMany(row => row)];
        double[] expected = Exact(null);
        using LanguageModel model = Load(Folder("model"));
        float[] whole = [.. Logits(model, tokens, [Length]).SelectMany(row => row)];
        Within(expected, whole, seed => Exact(new Random(seed)), $"{name}, {type}");
        if (config.Model.Rotations.All(rotation => !rotation.DependsOnLength))
        {
            Assert.Equal(whole, Logits(model, tokens, [3, 1, 1, Length - 5]).SelectMany(row => row));
            foreach (int[] wanted in (int[][])[[5, 7], [1, 11]])
            {
                // Logits of a portion's last token alone.
                using Session session = model.CreateSession(Length);
                session.Append(tokens.AsSpan(0, wanted[0]), Stop);
                Assert.Equal(whole[^config.Model.VocabularySize..], session.Append(tokens.AsSpan(wanted[0]), Stop).ToArray());
            }
        }
        CheckRecorded();
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Any_helpers_of_an_anchor_match_float64(string name)
    {
        CheckpointConfig config = FamilyConfigs.Write(Folder("model"), name, streams: 3, seed: 6, anchored: true);
        int[] tokens = Tokens(Length, config.Model.VocabularySize, 9);
        ulong[] chosen = Chosen(Length, 3, seed: 2);
        bool[][] flags = [.. chosen.Select(mask => (bool[])[true, (mask & 2) != 0, (mask & 4) != 0])];
        using Checkpoint checkpoint = Checkpoint.Open(Folder("model"));
        double[] Exact(Random? random) => [.. Oracle.Of(checkpoint, random).Logits(tokens, flags).SelectMany(row => row)];
        using LanguageModel model = Load(Folder("model"));
        float[] whole = LogitsOf(model, tokens, chosen, Length);
        Within(Exact(null), whole, seed => Exact(new Random(seed)), name);
        if (config.Model.Rotations.All(rotation => !rotation.DependsOnLength)) Assert.Equal(whole, LogitsOf(model, tokens, chosen, 3, 1, 1, Length - 5));
        CheckRecorded();
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_dense_layer_of_a_decode_step_takes_eight_commands(string name)
    {
        foreach (WeightDtype type in (WeightDtype[])[WeightDtype.F32, WeightDtype.Q8])
        {
            // One has more rows than share a reading of the weights.
            CheckpointConfig config = FamilyConfigs.Write(Folder($"model{type}"), name, streams: type == WeightDtype.F32 ? 2 : 20, seed: 4);
            using LanguageModel model = Load(Folder($"model{type}"), new LoadOptions { Dtype = type });
            using Session session = model.CreateSession(10);
            session.Append([1, 2, 3], Stop);
            session.Append([4], Stop);
            RecordedCommand[] all = [.. Shared.Last!.Recorded[^1].Parts.SelectMany(part => part.Log)];
            // Before the first layer the embedding; behind the last one the norm of the rows that are wanted.
            int first = Array.FindIndex(all, command => command.Name == "embed") + 1, end = Array.FindLastIndex(all, command => command.Name == "norm");
            Assert.All(all[first..end], command => Assert.NotNull(command.Arguments));
            Assert.Equal(config.Model.Layers.Sum(layer => Commands(layer.FeedForward.Experts, type)), end - first);
            Assert.Equal(config.Model.LayerCount, all.Count(command => command.Name == "attention"));
            Assert.DoesNotContain(all, command => command.Name == "append");
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_batch_with_others_gives_the_bits_of_a_run_alone(string name)
    {
        FamilyConfigs.Write(Folder("model"), name, streams: 2, seed: 5, anchored: name.Length % 2 == 0);
        using Checkpoint checkpoint = Checkpoint.Open(Folder("model"));
        ModelConfig config = checkpoint.Config.Model;
        using Backbone backbone = Backbone.From(new WeightReader(checkpoint, WeightDtype.Q8), config);
        using var random = new RandomWeights(WeightDtype.F32);
        StreamSet own = StreamSet.From(new WeightReader(checkpoint, WeightDtype.Q8), config, checkpoint.Config.Streams, KvDtype.Q8);
        StreamSet other = random.Streams(config, new StreamConfig(3, 3, 0.1), KvDtype.Q8);
        using var pool = new WorkerPool(1);
        using var forward = new VulkanForwardPass(Device, owner: null, backbone, [StreamSet.Plain, own, other], KvDtype.Q8, pool);
        int[] tokens = Some(Length, 7);
        float[] alone = Run((tokens, own));
        Assert.Equal(alone, Run((Some(5, 1), other), (tokens, own), (Some(2, 2), StreamSet.Plain), (Some(31, 3), own)));
        Assert.All(forward.Recorded.SelectMany(pass => pass.Parts), Check);
        own.Free();
        other.Free();

        int[] Some(int count, int seed) => Tokens(count, config.VocabularySize, seed);

        float[] Run(params (int[] Tokens, StreamSet Set)[] sequences)
        {
            KeyValues[] caches = [.. sequences.Select(sequence => forward.NewCache(sequence.Set, KvDtype.Q8, sequence.Tokens.Length))];
            for (int i = 0; i < caches.Length; i++) caches[i].Epoch = backbone.RotationEpoch(sequences[i].Tokens.Length);
            PassSequence[] pass = [.. sequences.Select((sequence, i) =>
                new PassSequence(caches[i], sequence.Set, sequence.Tokens.Length, sequence.Tokens == tokens ? Length : 0))];
            float[] logits = forward.Logits(0, forward.Run([.. sequences.SelectMany(sequence => sequence.Tokens)], pass)).ToArray();
            foreach (KeyValues cache in caches) cache.Dispose();
            return logits;
        }
    }

    // With experts: the router, the choice and the sum more, and where weights are rounded a rounding; and what all rows run through.
    private static int Commands(ExpertsConfig? experts, WeightDtype type) =>
        experts is null ? 8 : 11 + (WeightFormats.IsQuantized(type) ? 1 : 0) + (experts.SharedWidth > 0 ? 4 : 0);

    // 1e-5 of the largest logit, or, where layers double what rounding does, as far as float64 moves with weights that are rounded as sums are.
    private static void Within(double[] expected, float[] found, Func<int, double[]> changed, string what)
    {
        double error = Rounding.Distance(expected, found.Select(value => (double)value)), allowed = 1e-5 * expected.Max(Math.Abs);
        if (error > allowed) allowed = Rounding.Allowed(expected, changed);
        Assert.True(error <= allowed, $"{what}: {error:e2}, {allowed:e2} are allowed");
    }
}
