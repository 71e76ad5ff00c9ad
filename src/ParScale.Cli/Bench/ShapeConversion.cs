using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.ScalingLaws.Cost;
using ParScale.ScalingLaws.Plan;

namespace ParScale.Cli.Bench;

/// <summary>Between the sizes that the cost model counts with and the config that the engine runs.</summary>
internal static class ShapeConversion
{
    /// <summary>The plain decoder of a shape; what a shape does not say is as in the published models.</summary>
    public static ModelConfig ToConfig(this ModelShape shape) => new()
    {
        HiddenSize = shape.Hidden,
        Layers = LayerConfig.Qwen2(shape.Layers, shape.HeadSize, shape.Intermediate, ropeTheta: 10_000),
        AttentionHeads = shape.Heads,
        KeyValueHeads = shape.KeyValueHeads,
        HeadSize = shape.HeadSize,
        VocabularySize = shape.Vocabulary,
        MaxPositions = PublishedCheckpoints.Positions,
        RmsNormEpsilon = 1e-6,
        TieWordEmbeddings = shape.TiedHead,
    };

    /// <summary>The sizes of a config.</summary>
    public static ModelShape ToShape(this ModelConfig config, StreamConfig streams, string name)
    {
        var shape = new ModelShape
        {
            Name = name,
            Layers = config.LayerCount,
            Hidden = config.HiddenSize,
            Intermediate = config.IntermediateSize,
            Heads = config.AttentionHeads,
            KeyValueHeads = config.KeyValueHeads,
            HeadSize = config.HeadSize,
            Vocabulary = config.VocabularySize,
            TiedHead = config.TieWordEmbeddings,
            PrefixSlots = streams.PrefixTokens,
        };
        // Families differ in norms and biases.
        ParameterCounts counts = ParameterCounts.Of(config, StreamConfig.Plain);
        double vectors = counts.NonEmbedding - shape.Layers * (shape.AttentionParameters + shape.FeedForwardParameters);
        return vectors == shape.VectorParameters ? shape : shape with { VectorParameters = vectors };
    }
}
