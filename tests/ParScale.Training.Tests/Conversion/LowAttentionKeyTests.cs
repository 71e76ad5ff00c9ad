using ParScale.Training.Conversion;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Conversion;

public sealed class LowAttentionKeyTests
{
    [Fact]
    public void Queries_with_a_common_side_give_no_more_than_asked()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        Tensor queries = randn([500, 8], generator: generator);
        queries[TorchSharp.torch.TensorIndex.Colon, 3] = queries[TorchSharp.torch.TensorIndex.Colon, 3].abs() + 0.3;
        Tensor logMass = rand([500], generator: generator) * 4;
        (Tensor key, Tensor shares) = LowAttentionKey.Find(queries, logMass, slots: 48, share: 1e-3);
        Assert.InRange(shares.mean().item<double>(), 0, 1e-3);
        Tensor expected = (queries.to(ScalarType.Float64).mv(key) + Math.Log(48) - logMass).sigmoid();
        Assert.True((expected - shares).abs().max().item<double>() < 1e-6);
    }

    [Fact]
    public void Queries_on_all_sides_are_left_with_the_least_that_any_key_can()
    {
        using var scope = NewDisposeScope();
        Tensor one = randn([200, 6]);
        Tensor queries = cat([one, one.neg()]);
        (Tensor key, Tensor shares) = LowAttentionKey.Find(queries, zeros(400), slots: 4, share: 1e-3);
        // By symmetry no key is better than none.
        Assert.True(key.abs().max().item<double>() < 1e-6);
        Assert.Equal(0.8, shares.mean().item<double>(), 1e-6);
    }

    [Theory]
    [InlineData(3.0)]
    [InlineData(50.0)]
    public void Under_a_cap_the_share_is_that_of_capped_scores_and_the_key_no_longer_than_is_of_use(double cap)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        Tensor queries = randn([500, 8], generator: generator);
        queries[TorchSharp.torch.TensorIndex.Colon, 3] = queries[TorchSharp.torch.TensorIndex.Colon, 3].abs() + 0.3;
        Tensor logMass = rand([500], generator: generator) * 4;
        (Tensor key, Tensor shares) = LowAttentionKey.Find(queries, logMass, slots: 48, share: 1e-3, cap);
        Tensor scores = queries.to(ScalarType.Float64).mv(key), capped = (scores / cap).tanh() * cap;
        Assert.True(((capped + Math.Log(48) - logMass).sigmoid() - shares).abs().max().item<double>() < 1e-6);
        // No score is below -c, and what is left there is near the least that it allows.
        double least = Math.Max(1e-3, (Math.Log(48) - cap - logMass.to(ScalarType.Float64)).sigmoid().mean().item<double>());
        Assert.InRange(shares.mean().item<double>(), 0, 1.3 * least);
        Assert.True((scores / cap).abs().mean().item<double>() < 4);
    }
}
