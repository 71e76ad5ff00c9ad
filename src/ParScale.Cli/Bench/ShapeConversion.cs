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

    /// <summary>Prefix slots of each stream: those of the config, and where it is plain those of the published models.</summary>
    public static int PrefixSlots(StreamConfig streams) => streams.Count > 1 ? streams.PrefixTokens : PublishedShapes.All[0].PrefixSlots;

    /// <summary>The sizes of a config.</summary>
    public static ModelShape ToShape(this ModelConfig config, StreamConfig streams, string name)
    {
        ParameterCounts counts = ParameterCounts.Of(config, StreamConfig.Plain);
        double Block(int width) => 3.0 * config.HiddenSize * width;
        ExpertsConfig? OfLayer(LayerConfig layer) => layer.FeedForward.Experts;
        double chosen = config.Layers.Sum(layer => OfLayer(layer) is { } experts ? experts.Chosen * Block(layer.FeedForward.Width) : 0);
        double shared = config.Layers.Sum(layer => OfLayer(layer) is { } experts ? Block(experts.SharedWidth) : Block(layer.FeedForward.Width));
        // What is left of it, less than a row for each layer, routers too, counts with the norms.
        double used = chosen + shared;
        var shape = new ModelShape
        {
            Name = name,
            Layers = config.LayerCount,
            Hidden = config.HiddenSize,
            Intermediate = (int)(used / (3.0 * config.LayerCount * config.HiddenSize)),
            Heads = config.AttentionHeads,
            KeyValueHeads = config.KeyValueHeads,
            HeadSize = config.HeadSize,
            Vocabulary = config.VocabularySize,
            TiedHead = config.TieWordEmbeddings,
            PrefixSlots = PrefixSlots(streams),
            Anchored = streams.Anchored,
        };
        if (counts.Idle > 0)
        {
            shape = shape with
            {
                IdleParameters = counts.Idle,
                ExpertParameters = chosen + counts.Idle,
                Experts = config.Layers.Max(layer => OfLayer(layer)?.Count ?? 0),
            };
        }
        // Families differ in norms and biases.
        double vectors = counts.NonEmbedding - counts.Idle - shape.Layers * (shape.AttentionParameters + shape.FeedForwardParameters);
        return vectors == shape.VectorParameters ? shape : shape with { VectorParameters = vectors };
    }
}
