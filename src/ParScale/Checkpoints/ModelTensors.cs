using ParScale.Configuration;

namespace ParScale.Checkpoints;

/// <summary>The one table of a checkpoint's tensor names and shapes; reading, writing and training all follow it.</summary>
public static class ModelTensors
{
    /// <summary>The embedding's name.</summary>
    public const string EmbeddingName = "model.embed_tokens.weight";

    /// <summary>The LM head's name; a tied checkpoint need not carry it.</summary>
    public const string HeadName = "lm_head.weight";

    /// <summary>The aggregator's first matrix, [H, H * P] in hidden-major order: column h * P + p is of stream p.</summary>
    internal const string AggregatorName = "model.aggregate_layer.0.weight";

    /// <summary>
    /// Every tensor a checkpoint of this shape must hold, in the order of the forward pass. Linear weights are
    /// [output, input]; prefixes [P, kv_heads, prefix, head_size]. A tied head is not listed.
    /// </summary>
    public static IEnumerable<(string Name, long[] Shape)> Expected(ModelConfig model, StreamConfig streams)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(streams);
        long hidden = model.HiddenSize;
        yield return (EmbeddingName, [model.VocabularySize, hidden]);
        for (int layer = 0; layer < model.LayerCount; layer++)
        {
            foreach ((string name, long[] shape) in Layer(model, streams)) yield return ($"model.layers.{layer}.{name}", shape);
        }
        yield return ("model.norm.weight", [hidden]);
        if (streams.Count > 1)
        {
            yield return (AggregatorName, [hidden, streams.Count * hidden]);
            yield return ("model.aggregate_layer.0.bias", [hidden]);
            yield return ("model.aggregate_layer.2.weight", [streams.Count, hidden]);
            yield return ("model.aggregate_layer.2.bias", [streams.Count]);
        }
        if (!model.TieWordEmbeddings) yield return (HeadName, [model.VocabularySize, hidden]);
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

    private static IEnumerable<(string Name, long[] Shape)> Layer(ModelConfig model, StreamConfig streams)
    {
        long hidden = model.HiddenSize;
        long inter = model.IntermediateSize;
        long queries = (long)model.AttentionHeads * model.HeadSize;
        long keys = (long)model.KeyValueHeads * model.HeadSize;
        yield return ("input_layernorm.weight", [hidden]);
        yield return ("self_attn.q_proj.weight", [queries, hidden]);
        yield return ("self_attn.q_proj.bias", [queries]);
        yield return ("self_attn.k_proj.weight", [keys, hidden]);
        yield return ("self_attn.k_proj.bias", [keys]);
        yield return ("self_attn.v_proj.weight", [keys, hidden]);
        yield return ("self_attn.v_proj.bias", [keys]);
        yield return ("self_attn.o_proj.weight", [hidden, queries]);
        if (streams.Count > 1)
        {
            long[] prefix = [streams.Count, model.KeyValueHeads, streams.PrefixTokens, model.HeadSize];
            yield return ("self_attn.prefix_k", prefix);
            yield return ("self_attn.prefix_v", prefix);
        }
        yield return ("post_attention_layernorm.weight", [hidden]);
        yield return ("mlp.gate_proj.weight", [inter, hidden]);
        yield return ("mlp.up_proj.weight", [inter, hidden]);
        yield return ("mlp.down_proj.weight", [hidden, inter]);
    }
}
