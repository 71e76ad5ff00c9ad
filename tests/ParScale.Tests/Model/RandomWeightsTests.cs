using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Model;

namespace ParScale.Tests.Model;

public class RandomWeightsTests
{
    private static readonly ModelConfig Shape = RandomCheckpoint.Config(
        streams: 1, hidden: 96, heads: 16, intermediate: 200, layers: 36, vocabulary: 300).Model;

    [Theory]
    [InlineData(WeightDtype.F32)]
    [InlineData(WeightDtype.Bf16)]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void Activations_stay_finite_through_36_layers(WeightDtype type)
    {
        using var weights = new RandomWeights(type);
        using var pool = new WorkerPool(1);
        Backbone backbone = weights.Backbone(Shape);
        foreach (int streams in new[] { 1, 3 })
        {
            StreamSet set = weights.Streams(Shape, streams == 1 ? StreamConfig.Plain : new StreamConfig(streams, 5, 0.1), KvDtype.F32);
            using var forward = new ForwardPass(backbone, pool);
            using var cache = new KvCache(Shape, streams, KvDtype.F32, 20);
            for (int token = 0; token < 10; token++)
            {
                float[] logits = forward.Logits(0, forward.Run([token * 17], [new PassSequence(cache, set, 1, 1)])).ToArray();
                Assert.All(logits, value => Assert.True(float.IsFinite(value)));
                Assert.InRange(logits.Max(MathF.Abs), 0.01f, 10);
            }
            set.Free();
        }
    }

    [Fact]
    public void Sets_of_one_backbone_differ_in_their_aggregators()
    {
        using var weights = new RandomWeights(WeightDtype.Q4);
        Backbone backbone = weights.Backbone(Shape);
        StreamSet two = weights.Streams(Shape, new StreamConfig(2, 5, 0.1), KvDtype.Bf16), four = weights.Streams(Shape, new StreamConfig(4, 5, 0.1), KvDtype.Bf16);
        Assert.Equal((96 * 2, 96 * 4), (two.Aggregator?.Inner.Columns, four.Aggregator?.Inner.Columns));
        Assert.Equal((2, 4), (two.Aggregator?.Outer.Rows, four.Aggregator?.Outer.Rows));
        Assert.Equal((WeightDtype.Q8, WeightDtype.Q4, WeightDtype.Q4), (backbone.Head.Type, backbone.Layers[0].Attention.Query.Type, backbone.Type));
        two.Free();
        four.Free();
    }
}
