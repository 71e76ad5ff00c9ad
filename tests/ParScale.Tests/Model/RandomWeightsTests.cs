using ParScale.Kernels.Formats;
using ParScale.Kernels.Threads;
using ParScale.Model;

namespace ParScale.Tests.Model;

public class RandomWeightsTests
{
    private static readonly ModelConfig Shape = (ModelShapes.Find("0.7B") ?? throw new InvalidOperationException()) with
    {
        HiddenSize = 96,
        HeadSize = 6,
        IntermediateSize = 200,
        VocabularySize = 300,
    };

    [Theory]
    [InlineData(WeightType.F32)]
    [InlineData(WeightType.Bf16)]
    [InlineData(WeightType.Q8)]
    [InlineData(WeightType.Q4)]
    public void Activations_stay_finite_through_36_layers(WeightType type)
    {
        using var weights = new RandomWeights(type);
        using var pool = new WorkerPool(1);
        foreach (int streams in new[] { 1, 3 })
        {
            ModelConfig config = ModelShapes.WithStreams(Shape, streams, 5);
            ModelWeights model = weights.For(config);
            using var prefix = new PrefixCache(config, model.Layers, KvType.F32);
            using var forward = new ForwardPass(config, model, prefix, pool);
            using var cache = new KvCache(config, KvType.F32, 20);
            for (int token = 0; token < 10; token++)
            {
                float[] logits = forward.Logits(forward.Run([token * 17], cache)).ToArray();
                Assert.All(logits, value => Assert.True(float.IsFinite(value)));
                Assert.InRange(logits.Max(MathF.Abs), 0.01f, 10);
            }
        }
    }

    [Fact]
    public void Models_that_differ_in_P_share_their_matrices()
    {
        using var weights = new RandomWeights(WeightType.Q4);
        ModelWeights one = weights.For(ModelShapes.WithStreams(Shape, 1, 5)), two = weights.For(ModelShapes.WithStreams(Shape, 2, 5));
        ModelWeights four = weights.For(ModelShapes.WithStreams(Shape, 4, 5));
        Assert.Same(one.Head, four.Head);
        Assert.Same(one.Layers[7].Down, two.Layers[7].Down);
        Assert.Equal((96 * 2, 96 * 4), (two.Aggregator?.Inner.Columns, four.Aggregator?.Inner.Columns));
        Assert.Equal((2, 4), (two.Aggregator?.Outer.Rows, four.Aggregator?.Outer.Rows));
        Assert.Equal((WeightType.Q8, WeightType.Q4, WeightType.Q4), (one.Head.Type, one.Layers[0].Query.Type, one.Type));
    }
}
