using ParScale.Benchmarking;
using ParScale.Kernels.Formats;
using ParScale.Model;

namespace ParScale.Tests.Benchmarking;

public class WeightCostTests
{
    private static readonly ModelConfig Shape = (ModelShapes.Find("0.7B") ?? throw new InvalidOperationException()) with
    {
        HiddenSize = 32,
        HeadSize = 2,
        IntermediateSize = 48,
        LayerCount = 3,
        VocabularySize = 50,
    };

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void A_step_reads_every_parameter_but_the_prefixes_once(int streams)
    {
        using var weights = new RandomWeights(WeightType.F32);
        ModelConfig config = ModelShapes.WithStreams(Shape, streams, 5);
        ModelWeights model = weights.For(config);
        Assert.Equal(4 * (config.TotalParameters - config.PrefixParameters), WeightCost.StepBytes(model));
        Assert.Equal(4 * config.TotalParameters, WeightCost.Bytes([model]));
        Assert.Equal(4 * config.TotalParameters, RandomWeights.BytesFor(config, WeightType.F32));
    }

    [Fact]
    public void An_untied_embedding_is_not_read()
    {
        using var weights = new RandomWeights(WeightType.F32);
        ModelConfig config = Shape with { TieWordEmbeddings = false };
        Assert.Equal(4 * (config.TotalParameters - 50 * 32), WeightCost.StepBytes(weights.For(config)));
    }

    [Fact]
    public void Shared_matrices_count_once()
    {
        using var weights = new RandomWeights(WeightType.Bf16);
        ModelWeights one = weights.For(ModelShapes.WithStreams(Shape, 1, 5)), two = weights.For(ModelShapes.WithStreams(Shape, 2, 5));
        Assert.InRange(WeightCost.Bytes([one, two]), WeightCost.Bytes([two]), WeightCost.Bytes([two]) + 10_000);
    }

    [Fact]
    public void Products_are_those_of_the_matrices()
    {
        using var weights = new RandomWeights(WeightType.F32);
        ModelWeights model = weights.For(ModelShapes.WithStreams(Shape, 2, 5));
        double queries = 32 * 32 + 2 * 4 * 32, rest = 32 * 32 + 3 * 48 * 32, mixing = 2 * 32 * 32 + 2 * 32;
        Assert.Equal((queries + rest) * 2 * 3 - queries + mixing, WeightCost.TokenProducts(model, 2));
        Assert.Equal(50 * 32, WeightCost.HeadProducts(model));
    }
}
