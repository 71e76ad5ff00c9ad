using System.Globalization;
using ParScale.Configuration;
using ParScale.Training.Conversion;
using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Modules;

/// <summary>What prefixes are at the start, and how far apart that puts the streams.</summary>
public sealed class PrefixStartTests(ITestOutputHelper output)
{
    private static readonly CheckpointConfig Config = RandomCheckpoint.Config(
        4, hidden: 128, heads: 4, keyValueHeads: 2, layers: 4, intermediate: 320, vocabulary: 300, prefix: 48);

    [Theory]
    [InlineData(0.02, 0, false, 0.001, 0.02)]
    [InlineData(0.3, 0, false, 0.3, 0.9)]
    [InlineData(0.26, 128, true, 0.2, 0.9)]
    [InlineData(0.02, 128, true, 0.001, 0.02)]
    public void Prefixes_have_the_deviation_asked_for_and_part_the_streams(double deviation, int prefixMlp, bool byMlp, double least, double most)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var model = new ParScaleLm(Config, seed: 1, prefixMlp: prefixMlp, prefixes: new PrefixStart(deviation, byMlp));
        for (int layer = 0; layer < Config.Model.LayerCount; layer++)
        {
            (Tensor keys, Tensor values) = model.Prefix(layer)!.Value;
            Assert.Equal(deviation, keys.std().item<float>(), deviation * 0.05);
            Assert.Equal(deviation, values.std().item<float>(), deviation * 0.05);
        }
        double apart = 1 - Cosine(model);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"std {deviation} by MLP {byMlp}: 1 - cosine {apart:F4}"));
        Assert.InRange(apart, least, most);
    }

    [Fact]
    public void Only_prefixes_differ_from_the_published_start()
    {
        using var scope = NewDisposeScope();
        using var published = new ParScaleLm(RandomCheckpoint.Config(3), seed: 6);
        using var wide = new ParScaleLm(RandomCheckpoint.Config(3), seed: 6, prefixes: new PrefixStart(0.2));
        foreach (((string name, var first), (_, var second)) in published.named_parameters().Zip(wide.named_parameters()))
            Assert.Equal(!name.Contains("prefix_", StringComparison.Ordinal), first.equal(second).all().item<bool>());
    }

    [Fact]
    public void Weights_have_the_deviation_that_is_asked_for_and_nothing_else_changes()
    {
        using var scope = NewDisposeScope();
        using var published = new ParScaleLm(RandomCheckpoint.Config(3), seed: 6);
        using var wide = new ParScaleLm(RandomCheckpoint.Config(3), seed: 6, deviation: 0.08);
        foreach (((string name, var first), (_, var second)) in published.named_parameters().Zip(wide.named_parameters()))
        {
            bool drawn = !name.Contains("norm", StringComparison.Ordinal) && !name.Contains("bias", StringComparison.Ordinal)
                && !name.Contains("prefix_", StringComparison.Ordinal);
            Assert.True((drawn ? first * 4 : first).allclose(second), name);
        }
    }

    [Fact]
    public void A_stream_with_the_prefix_of_a_text_computes_what_the_plain_model_does_behind_that_text()
    {
        const int Slots = 6;
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        CheckpointConfig config = RandomCheckpoint.Config(3, prefix: Slots);
        using ParScaleLm model = Float64.Model(config, seed: 2);
        int[] text = [.. Enumerable.Range(0, 200).Select(i => i * i % 47)];
        foreach ((string name, var parameter) in model.named_parameters()) if (!name.Contains("norm", StringComparison.Ordinal)) parameter.normal_(0, 0.3);
        TextPrefixes.Fill(model, text, seed: 5);
        long[] tokens = [3, 1, 4, 1, 5, 9, 2];
        Tensor states = model.States(tensor(tokens).unsqueeze(0));

        using ParScaleLm plain = Float64.Model(config.WithStreams(1));
        var source = model.state_dict();
        foreach ((string name, var parameter) in plain.named_parameters()) parameter.copy_(source[name]);
        double[] errors = [.. Enumerable.Range(0, 3).Select(p => Enumerable.Range(0, text.Length - Slots + 1).Min(start =>
        {
            using var one = NewDisposeScope();
            long[] all = [.. text[start..(start + Slots)].Select(token => (long)token), .. tokens];
            return (plain.States(tensor(all).unsqueeze(0))[0, 0, TensorIndex.Slice(Slots)] - states[p, 0]).abs().max().item<double>();
        }))];
        output.WriteLine(string.Join(' ', errors));
        // Prefixes are kept in float32 on their way.
        Assert.All(errors, error => Assert.InRange(error, 0, 1e-5));
        Assert.True((states[0] - states[1]).abs().max().item<double>() > 1e-2);
    }

    [Fact]
    public void A_text_shorter_than_a_prefix_is_refused()
    {
        using var model = new ParScaleLm(RandomCheckpoint.Config(2, prefix: 4));
        Assert.Equal("TR-25", Assert.Throws<ParScaleException>(() => TextPrefixes.Fill(model, [1, 2, 3], seed: 1)).Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_first_stream_that_does_not_see_its_prefix_is_the_plain_model(bool packed)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        CheckpointConfig config = RandomCheckpoint.Config(3);
        using ParScaleLm model = Float64.Model(config, seed: 2), plain = Float64.Model(config.WithStreams(1), seed: 2);
        Tensor tokens = tensor(new long[,] { { 1, 2, 3, 4, 5 }, { 9, 8, 7, 6, 5 } });
        Tensor? offsets = packed ? tensor(new long[,] { { 0, 1, 0, 1, 2 }, { 0, 1, 2, 3, 0 } }) : null;
        Tensor before = model.States(tokens, offsets);
        model.HideFirstPrefix();
        Tensor after = model.States(tokens, offsets);
        Float64.AssertSame(plain.States(tokens, offsets)[0], after[0]);
        Float64.AssertSame(before[1], after[1]);
        Assert.True((before[0] - after[0]).abs().max().item<double>() > 1e-6);
    }

    private static double Cosine(ParScaleLm model)
    {
        var random = new Random(1);
        long[] tokens = [.. Enumerable.Range(0, 4 * 64).Select(_ => (long)random.Next(300))];
        return StreamSimilarity.Cosines(model.States(tensor(tokens).view(4, 64))).mean().item<float>();
    }
}
