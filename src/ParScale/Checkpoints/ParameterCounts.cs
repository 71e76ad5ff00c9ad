using ParScale.Configuration;

namespace ParScale.Checkpoints;

/// <summary>How many parameters of a model serve what: sums over the table in <see cref="ModelTensors"/>. A tied head counts once.</summary>
/// <param name="Core">What a plain model (P = 1) of this shape has, embedding included.</param>
/// <param name="Prefix">Learned prefix keys and values of all streams and layers.</param>
/// <param name="Aggregator">The network that weighs the streams.</param>
/// <param name="Embedding">Input embedding, and the head when it is separate; they are part of <paramref name="Core"/>.</param>
public sealed record ParameterCounts(long Core, long Prefix, long Aggregator, long Embedding)
{
    /// <summary>Those of the experts that a row does not choose; part of <see cref="Core"/>, 0 for a dense model.</summary>
    public long Idle { get; init; }

    /// <summary>Those that a token uses, with one stream or with each of several.</summary>
    public long Active => Total - Idle;

    /// <summary>Those that P streams add to the plain model.</summary>
    internal long Streams => Prefix + Aggregator;

    /// <summary>All of them.</summary>
    public long Total => Core + Streams;

    /// <summary>N of the scaling law: all but embedding and head. Source: arXiv 2505.10475, section 3.</summary>
    public long NonEmbedding => Total - Embedding;

    /// <summary>The counts of a decoder with streams.</summary>
    public static ParameterCounts Of(ModelConfig model, StreamConfig streams)
    {
        ArgumentNullException.ThrowIfNull(model);
        var counts = new ParameterCounts(0, 0, 0, 0);
        // Equal layers hold the same tensors; a config that asks for thousands is counted before it is believed.
        bool first = true;
        foreach (IGrouping<LayerConfig, LayerConfig> layers in model.Layers.GroupBy(layer => layer))
        {
            foreach ((string name, long[] shape) in ModelTensors.Expected(model with { Layers = [layers.Key] }, streams))
            {
                if (!first && !ModelTensors.IsOfLayer(name)) continue;
                long copies = ModelTensors.IsOfLayer(name) ? layers.Count() : 1;
                long count = shape.Aggregate(copies, (product, axis) => checked(product * axis));
                if (ModelTensors.IsPrefix(name)) counts = counts with { Prefix = counts.Prefix + count };
                else if (ModelTensors.IsOfStreams(name)) counts = counts with { Aggregator = counts.Aggregator + count };
                else counts = counts with { Core = counts.Core + count };
                if (name is ModelTensors.EmbeddingName or ModelTensors.HeadName) counts = counts with { Embedding = counts.Embedding + count };
            }
            FeedForwardConfig block = layers.Key.FeedForward;
            if (block.Experts is { } experts)
                counts = counts with { Idle = counts.Idle + checked(3L * (experts.Count - experts.Chosen) * block.Width * model.HiddenSize * layers.Count()) };
            first = false;
        }
        return counts;
    }

    /// <summary>The counts of a whole config.</summary>
    public static ParameterCounts Of(CheckpointConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return Of(config.Model, config.Streams);
    }
}
