using ParScale.Configuration;

namespace ParScale.Checkpoints;

/// <summary>The tensors of one layer, as its description asks for them: a part of the table in <see cref="ModelTensors"/>.</summary>
internal static class LayerTensors
{
    /// <summary>The norm before the attention block.</summary>
    public const string InputNorm = "input_layernorm.weight";

    /// <summary>The norm behind the attention block; where norms stand only before the blocks, that before the feed-forward block.</summary>
    public const string PostAttentionNorm = "post_attention_layernorm.weight";

    /// <summary>The norm before the feed-forward block, where norms stand on both sides.</summary>
    public const string PreFeedForwardNorm = "pre_feedforward_layernorm.weight";

    /// <summary>The norm behind the feed-forward block.</summary>
    public const string PostFeedForwardNorm = "post_feedforward_layernorm.weight";

    /// <summary>All of them, their names beginning with <paramref name="prefix"/>.</summary>
    public static IEnumerable<StoredTensor> Of(ModelConfig model, LayerConfig layer, StreamConfig streams, string prefix)
    {
        long hidden = model.HiddenSize;
        if (layer.Norms != NormPlacement.After) yield return new(prefix + InputNorm, [hidden]);
        foreach (StoredTensor tensor in Attention(model, layer.Attention, prefix + "self_attn.")) yield return tensor;
        if (streams.Count > 1)
        {
            long[] slots = [streams.Prefixes, model.KeyValueHeads, streams.PrefixTokens, model.HeadSize];
            yield return new($"{prefix}self_attn.prefix_k", slots);
            yield return new($"{prefix}self_attn.prefix_v", slots);
        }
        yield return new(prefix + PostAttentionNorm, [hidden]);
        if (layer.Norms == NormPlacement.Both) yield return new(prefix + PreFeedForwardNorm, [hidden]);
        foreach (StoredTensor tensor in layer.FeedForward.Experts is { } experts
            ? ExpertLayerTensors.Of(model, layer.FeedForward, experts, prefix) : FeedForward(model, layer.FeedForward, prefix + "mlp.")) yield return tensor;
        if (layer.Norms != NormPlacement.Before) yield return new(prefix + PostFeedForwardNorm, [hidden]);
    }

    private static IEnumerable<StoredTensor> Attention(ModelConfig model, AttentionConfig attention, string prefix)
    {
        long hidden = model.HiddenSize, queries = (long)model.AttentionHeads * model.HeadSize, keys = (long)model.KeyValueHeads * model.HeadSize;
        if (model.FusedProjections)
        {
            yield return StoredTensor.Fused($"{prefix}qkv_proj.weight", hidden,
                ($"{prefix}q_proj.weight", queries), ($"{prefix}k_proj.weight", keys), ($"{prefix}v_proj.weight", keys));
        }
        else
        {
            foreach ((string name, long rows) in ((string, long)[])[("q_proj", queries), ("k_proj", keys), ("v_proj", keys)])
            {
                yield return new($"{prefix}{name}.weight", [rows, hidden]);
                if (attention.InputBias) yield return new($"{prefix}{name}.bias", [rows]);
            }
        }
        yield return new($"{prefix}o_proj.weight", [hidden, queries]);
        if (attention.OutputBias) yield return new($"{prefix}o_proj.bias", [hidden]);
        if (attention.QueryKeyNorm == QueryKeyNorm.None) yield break;
        bool heads = attention.QueryKeyNorm == QueryKeyNorm.Head;
        yield return new($"{prefix}q_norm.weight", [heads ? model.HeadSize : queries]);
        yield return new($"{prefix}k_norm.weight", [heads ? model.HeadSize : keys]);
    }

    private static IEnumerable<StoredTensor> FeedForward(ModelConfig model, FeedForwardConfig block, string prefix)
    {
        long hidden = model.HiddenSize, width = block.Width;
        if (model.FusedProjections)
        {
            yield return StoredTensor.Fused($"{prefix}gate_up_proj.weight", hidden, ($"{prefix}gate_proj.weight", width), ($"{prefix}up_proj.weight", width));
        }
        else
        {
            foreach (string name in (string[])["gate_proj", "up_proj"])
            {
                yield return new($"{prefix}{name}.weight", [width, hidden]);
                if (block.Bias) yield return new($"{prefix}{name}.bias", [width]);
            }
        }
        yield return new($"{prefix}down_proj.weight", [hidden, width]);
        if (block.Bias) yield return new($"{prefix}down_proj.bias", [hidden]);
    }
}
