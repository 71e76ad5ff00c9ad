using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Kernels.Formats;

namespace ParScale.Tests.Model;

/// <summary>Random checkpoints of many shapes against the double-precision oracle of these tests.</summary>
public class ForwardPassTests
{
    public static TheoryData<string> Shapes => [.. Cases.Keys];

    private static readonly Dictionary<string, CheckpointConfig> Cases = new()
    {
        ["plain Qwen2"] = RandomCheckpoint.Config(streams: 1),
        ["P = 2"] = RandomCheckpoint.Config(streams: 2),
        ["P = 3"] = RandomCheckpoint.Config(streams: 3),
        ["P = 16"] = RandomCheckpoint.Config(streams: 16),
        ["P = 64"] = RandomCheckpoint.Config(streams: 64, layers: 1),
        ["one KV head"] = RandomCheckpoint.Config(keyValueHeads: 1),
        ["8 KV heads of size 2"] = RandomCheckpoint.Config(hidden: 16, heads: 8, keyValueHeads: 8),
        ["heads of size 6"] = RandomCheckpoint.Config(hidden: 18, heads: 3, keyValueHeads: 3),
        ["heads of size 10, 7 of them"] = RandomCheckpoint.Config(hidden: 70, heads: 7, keyValueHeads: 1),
        ["heads of size 66"] = RandomCheckpoint.Config(hidden: 66, heads: 1, keyValueHeads: 1),
        ["head_dim apart from hidden / heads"] = RandomCheckpoint.Config(hidden: 20, heads: 4, headSize: 14),
        ["one prefix slot"] = RandomCheckpoint.Config(prefix: 1),
        ["100 prefix slots"] = RandomCheckpoint.Config(prefix: 100),
        ["no smoothing"] = RandomCheckpoint.Config(smoothing: 0),
        ["full smoothing"] = RandomCheckpoint.Config(smoothing: 1),
        ["theta 1e6"] = RandomCheckpoint.Config(theta: 1e6),
        ["an epsilon that counts"] = RandomCheckpoint.Config(epsilon: 0.3),
        ["untied"] = RandomCheckpoint.Config(tied: false),
        ["odd sizes"] = RandomCheckpoint.Config(hidden: 26, heads: 1, keyValueHeads: 1, intermediate: 37, vocabulary: 53, layers: 3),
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Shapes_match_the_oracle(string shape) => CheckAgainstOracle(Cases[shape], TensorType.F32, sharded: false);

    [Theory]
    [InlineData(TensorType.F32, true)]
    [InlineData(TensorType.BF16, false)]
    [InlineData(TensorType.BF16, true)]
    [InlineData(TensorType.F16, false)]
    public void Stored_types_and_shards_match_the_oracle(TensorType type, bool sharded) =>
        CheckAgainstOracle(RandomCheckpoint.Config(), type, sharded);

    [Fact]
    public void A_prompt_longer_than_one_pass_matches_token_by_token()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Config(streams: 8, maxPositions: 256), seed: 5);
        using LanguageModel model = LanguageModel.Load(folder.Path);
        int[] tokens = Tokens(150, model.Config.VocabularySize);
        float[] whole = Compare.LogitsInPortions(model, tokens, tokens.Length);
        float[] single = Compare.LogitsInPortions(model, tokens, [.. Enumerable.Repeat(1, tokens.Length)]);
        Assert.Equal(single, whole);
    }

    [Fact]
    public void Bf16_weights_give_the_same_as_their_f32_copies()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Config(), seed: 6, TensorType.BF16);
        int[] tokens = Tokens(12, 50);
        using LanguageModel mapped = LanguageModel.Load(folder.Path);
        using LanguageModel widened = LanguageModel.Load(folder.Path, new LoadOptions { Dtype = WeightDtype.F32 });
        Assert.Equal(WeightDtype.Bf16, mapped.Dtype);
        Assert.Equal(WeightDtype.F32, widened.Dtype);
        // Not to the last bit: each format splits the values of a row between the lanes of a vector in its own way.
        float[] expected = widened.Logits(tokens, TestContext.Current.CancellationToken).Last;
        float[] actual = mapped.Logits(tokens, TestContext.Current.CancellationToken).Last;
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        Assert.InRange(Compare.Distance(expected.Select(x => (double)x), actual), 0, Oracle.Logits(checkpoint, tokens).Allowed);
    }

    [Fact]
    public void Results_do_not_depend_on_the_number_of_threads()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Config(hidden: 256, intermediate: 700, vocabulary: 999), seed: 7);
        int[] tokens = Tokens(40, 999);
        using LanguageModel one = LanguageModel.Load(folder.Path, new LoadOptions { Threads = 1 });
        using LanguageModel five = LanguageModel.Load(folder.Path, new LoadOptions { Threads = 5 });
        Assert.Equal(one.Logits(tokens, TestContext.Current.CancellationToken).Last, five.Logits(tokens, TestContext.Current.CancellationToken).Last);
    }

    [Fact]
    public void One_stream_of_a_parscale_checkpoint_is_its_plain_backbone()
    {
        using var folder = new TempFolder();
        CheckpointConfig config = RandomCheckpoint.Config();
        RandomCheckpoint.Write(folder.Path, config, seed: 8);
        using LanguageModel backbone = LanguageModel.Load(folder.Path, new LoadOptions { Streams = 1 });
        Assert.Equal(1, backbone.Streams.Count);
        Assert.NotEqual(LanguageModelLogits(folder.Path), backbone.Logits(Tokens(9, 50), TestContext.Current.CancellationToken).Last);
        var refused = Assert.Throws<ParScaleException>(() => LanguageModel.Load(folder.Path, new LoadOptions { Streams = 3 }));
        Assert.Equal(ErrorKind.Usage, refused.Kind);
        Assert.Contains("4", refused.Message, StringComparison.Ordinal);
    }

    private static float[] LanguageModelLogits(string folder)
    {
        using LanguageModel model = LanguageModel.Load(folder);
        return model.Logits(Tokens(9, 50), TestContext.Current.CancellationToken).Last;
    }

    private static void CheckAgainstOracle(CheckpointConfig config, TensorType type, bool sharded)
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, config, seed: 3, type, sharded);
        using LanguageModel model = LanguageModel.Load(folder.Path);
        int[] tokens = Tokens(17, config.Model.VocabularySize);
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        (double[] expected, double allowed) = Oracle.Logits(checkpoint, tokens);
        foreach (int[] split in new int[][] { [17], [5, 12], [.. Enumerable.Repeat(1, 17)] })
        {
            double error = Compare.Distance(expected, Compare.LogitsInPortions(model, tokens, split));
            Assert.True(error <= allowed, $"{error:e2} for split [{string.Join(",", split)}], {allowed:e2} are allowed");
        }
    }

    private static int[] Tokens(int count, int vocabulary)
    {
        var random = new Random(2);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
    }
}
