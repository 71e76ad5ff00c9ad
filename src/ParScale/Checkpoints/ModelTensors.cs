using ParScale.Model;

namespace ParScale.Checkpoints;

/// <summary>The one table of a checkpoint's tensor names and shapes; reading, writing and training all follow it.</summary>
public static class ModelTensors
{
    /// <summary>The embedding's name.</summary>
    public const string EmbeddingName = "model.embed_tokens.weight";

    /// <summary>The LM head's name; a tied checkpoint need not carry it.</summary>
    public const string HeadName = "lm_head.weight";

    /// <summary>
    /// Every tensor a checkpoint of this shape must hold, in the order of the forward pass. Linear weights are
    /// [output, input]; prefixes [P, kv_heads, prefix, head_size]. A tied head is not listed.
    /// </summary>
    public static IEnumerable<(string Name, long[] Shape)> Expected(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        long hidden = config.HiddenSize;
        yield return (EmbeddingName, [config.VocabularySize, hidden]);
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            foreach ((string name, long[] shape) in Layer(config)) yield return ($"model.layers.{layer}.{name}", shape);
        }
        yield return ("model.norm.weight", [hidden]);
        if (config.Streams > 1)
        {
            yield return ("model.aggregate_layer.0.weight", [hidden, config.Streams * hidden]);
            yield return ("model.aggregate_layer.0.bias", [hidden]);
            yield return ("model.aggregate_layer.2.weight", [config.Streams, hidden]);
            yield return ("model.aggregate_layer.2.bias", [config.Streams]);
        }
        if (!config.TieWordEmbeddings) yield return (HeadName, [config.VocabularySize, hidden]);
    }

    private static IEnumerable<(string Name, long[] Shape)> Layer(ModelConfig config)
    {
        long hidden = config.HiddenSize;
        long inter = config.IntermediateSize;
        long queries = (long)config.AttentionHeads * config.HeadSize;
        long keys = (long)config.KeyValueHeads * config.HeadSize;
        yield return ("input_layernorm.weight", [hidden]);
        yield return ("self_attn.q_proj.weight", [queries, hidden]);
        yield return ("self_attn.q_proj.bias", [queries]);
        yield return ("self_attn.k_proj.weight", [keys, hidden]);
        yield return ("self_attn.k_proj.bias", [keys]);
        yield return ("self_attn.v_proj.weight", [keys, hidden]);
        yield return ("self_attn.v_proj.bias", [keys]);
        yield return ("self_attn.o_proj.weight", [hidden, queries]);
        if (config.Streams > 1)
        {
            long[] prefix = [config.Streams, config.KeyValueHeads, config.PrefixTokens, config.HeadSize];
            yield return ("self_attn.prefix_k", prefix);
            yield return ("self_attn.prefix_v", prefix);
        }
        yield return ("post_attention_layernorm.weight", [hidden]);
        yield return ("mlp.gate_proj.weight", [inter, hidden]);
        yield return ("mlp.up_proj.weight", [inter, hidden]);
        yield return ("mlp.down_proj.weight", [hidden, inter]);
    }
}
