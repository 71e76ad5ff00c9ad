using ParScale.Benchmarking;
using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Model;

namespace ParScale.Tests.Benchmarking;

public class WeightCostTests
{
    private static readonly ModelConfig Shape = RandomCheckpoint.Config(streams: 1, hidden: 32, heads: 16, intermediate: 48, layers: 3).Model;

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Every_parameter_counts_once(int streams)
    {
        using var weights = new RandomWeights(WeightDtype.F32);
        Backbone backbone = weights.Backbone(Shape);
        StreamSet set = weights.Streams(Shape, Numbers(streams), KvDtype.F32);
        Assert.Equal(4 * Shape.Parameters, WeightCost.StepBytes(backbone));
        Assert.Equal(4 * Shape.Parameters, WeightCost.Bytes(backbone));
        Assert.Equal(4 * ParameterCounts.Of(Shape, set.Config).Aggregator, set.Aggregator?.Bytes ?? 0);
        Assert.Equal(4 * CheckpointConfig.Create(Shape, set.Config).Parameters, RandomWeights.BytesFor(CheckpointConfig.Create(Shape, set.Config), WeightDtype.F32));
        set.Free();
    }

    [Fact]
    public void An_untied_embedding_is_not_read()
    {
        using var weights = new RandomWeights(WeightDtype.F32);
        ModelConfig config = Shape with { TieWordEmbeddings = false };
        Assert.Equal(4 * (config.Parameters - 50 * 32), WeightCost.StepBytes(weights.Backbone(config)));
    }

    [Fact]
    public void Products_are_those_of_the_matrices()
    {
        using var weights = new RandomWeights(WeightDtype.F32);
        Backbone backbone = weights.Backbone(Shape);
        StreamSet set = weights.Streams(Shape, Numbers(2), KvDtype.F32);
        double queries = 32 * 32 + 2 * 4 * 32, rest = 32 * 32 + 3 * 48 * 32, mixing = 2 * 32 * 32 + 2 * 32;
        Assert.Equal((queries + rest) * 2 * 3 - queries + mixing, WeightCost.PromptTokenProducts(backbone, set));
        Assert.Equal(50 * 32, WeightCost.HeadProducts(backbone));
        set.Free();
    }

    [Fact]
    public void The_products_of_a_step_are_sorted_by_kernel()
    {
        using var weights = new RandomWeights(WeightDtype.F32);
        Backbone backbone = weights.Backbone(Shape);
        StreamSet plain = StreamSet.Plain, two = weights.Streams(Shape, Numbers(2), KvDtype.F32);
        IReadOnlyDictionary<ProductCase, double> alone = WeightCost.StepProducts(backbone, [two]), batch = WeightCost.StepProducts(backbone, [two, plain, two]);
        Assert.Equal(WeightCost.PromptTokenProducts(backbone, two) + WeightCost.HeadProducts(backbone), alone.Values.Sum());
        double queries = 32 * 32 + 2 * 4 * 32, mixing = 2 * 32 * 32 + 2 * 32;
        Assert.Equal(queries + mixing + 50 * 32, alone[new ProductCase(WeightDtype.F32, 1)]);
        Assert.Equal([2, 3, 5], batch.Keys.Select(one => one.Rows).Order());
        Assert.Equal(2 * mixing, batch[new ProductCase(WeightDtype.F32, 2)]);
        Assert.Equal(3 * (queries + 50 * 32), batch[new ProductCase(WeightDtype.F32, 3)]);
        two.Free();
    }

    private static StreamConfig Numbers(int streams) => streams == 1 ? StreamConfig.Plain : new StreamConfig(streams, 5, 0.1);
}
