using ParScale.Configuration;

namespace ParScale.Checkpoints;

/// <summary>The one table of a checkpoint's tensor names and shapes; reading, writing and training all follow it.</summary>
public static class ModelTensors
{
    /// <summary>The embedding's name.</summary>
    public const string EmbeddingName = "model.embed_tokens.weight";

    /// <summary>The LM head's name; a tied checkpoint need not carry it.</summary>
    public const string HeadName = "lm_head.weight";

    /// <summary>The name of the norm behind the last layer.</summary>
    internal const string FinalNormName = "model.norm.weight";

    /// <summary>The aggregator's first matrix, [H, H * P] in hidden-major order: column h * P + p is of stream p.</summary>
    internal const string AggregatorName = "model.aggregate_layer.0.weight";

    /// <summary>
    /// Every tensor a float checkpoint of this shape must hold, in the order of the forward pass. Linear weights are
    /// [output, input]; prefixes [P, kv_heads, prefix, head_size], of an anchored model [P - 1, ...]: helper p at p - 1. A tied head is not listed.
    /// </summary>
    public static IEnumerable<(string Name, long[] Shape)> Expected(ModelConfig model, StreamConfig streams) =>
        Table(model, streams).Select(tensor => (tensor.Name, tensor.Shape));

    /// <summary>The tensors that a model is computed with: those that a file holds in one are listed apart, and in one order however it holds them.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Loaded(ModelConfig model, StreamConfig streams)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Table(model with { ExpertTensors = default }, streams).SelectMany(tensor => tensor.Parts.Count == 0 ? [tensor] : tensor.Parts)
            .Select(tensor => (tensor.Name, tensor.Shape));
    }

    /// <summary>The same of a whole config.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Loaded(CheckpointConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return Loaded(config.Model, config.Streams);
    }

    /// <summary>The table itself: the tensors of a float checkpoint, and what each is cut into.</summary>
    public static IEnumerable<StoredTensor> Table(ModelConfig model, StreamConfig streams)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(streams);
        long hidden = model.HiddenSize;
        yield return new(EmbeddingName, [model.VocabularySize, hidden]);
        for (int layer = 0; layer < model.LayerCount; layer++)
        {
            foreach (StoredTensor tensor in LayerTensors.Of(model, model.Layers[layer], streams, $"model.layers.{layer}.")) yield return tensor;
        }
        yield return new(FinalNormName, [hidden]);
        if (streams.Count > 1)
        {
            yield return new(AggregatorName, [hidden, streams.Count * hidden]);
            yield return new("model.aggregate_layer.0.bias", [hidden]);
            yield return new("model.aggregate_layer.2.weight", [streams.Count, hidden]);
            yield return new("model.aggregate_layer.2.bias", [streams.Count]);
        }
        if (!model.TieWordEmbeddings) yield return new(HeadName, [model.VocabularySize, hidden]);
    }

    /// <summary>The same of a whole config.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Expected(CheckpointConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return Expected(config.Model, config.Streams);
    }

    /// <summary>Whether a tensor belongs to the streams, and not to the plain model.</summary>
    public static bool IsOfStreams(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.StartsWith("model.aggregate_layer.", StringComparison.Ordinal) || IsPrefix(name);
    }

    internal static bool IsOfLayer(string name) => name.StartsWith("model.layers.", StringComparison.Ordinal);

    internal static bool IsPrefix(string name) =>
        name.EndsWith(".self_attn.prefix_k", StringComparison.Ordinal) || name.EndsWith(".self_attn.prefix_v", StringComparison.Ordinal);

    /// <summary>Whether a tensor holds the weights of a norm.</summary>
    internal static bool IsNorm(string name) => name.EndsWith("norm.weight", StringComparison.Ordinal);
}
