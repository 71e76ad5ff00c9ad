using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Kernels.Memory;

namespace ParScale.Model;

/// <summary>The weights of one decoder layer, and what it computes with them. Norms that its description does not ask for are empty.</summary>
internal sealed class LayerWeights
{
    /// <summary>What it computes.</summary>
    public required LayerConfig Config { get; init; }

    /// <summary>[H], before the attention block.</summary>
    public required float[] InputNorm { get; init; }

    /// <summary>The attention block.</summary>
    public required AttentionWeights Attention { get; init; }

    /// <summary>[H], behind the attention block.</summary>
    public required float[] AttentionOutputNorm { get; init; }

    /// <summary>[H], before the feed-forward block.</summary>
    public required float[] FeedForwardNorm { get; init; }

    /// <summary>The dense feed-forward block; null where the layer has experts.</summary>
    public FeedForwardWeights? FeedForward { get; init; }

    /// <summary>The experts; null where the feed-forward block is dense.</summary>
    public ExpertWeights? Experts { get; init; }

    /// <summary>[H], behind the feed-forward block.</summary>
    public required float[] FeedForwardOutputNorm { get; init; }

    /// <summary>All that is held in single precision.</summary>
    public IEnumerable<float[]> Vectors =>
        [InputNorm, AttentionOutputNorm, FeedForwardNorm, FeedForwardOutputNorm, .. Attention.Vectors, .. FeedForward?.Vectors ?? []];

    /// <summary>Takes a layer from a source, by the names of <see cref="LayerTensors"/>.</summary>
    public static LayerWeights Load(IWeightSource source, ModelConfig model, int index)
    {
        LayerConfig config = model.Layers[index];
        string prefix = $"model.layers.{index}.";
        float[] Norm(bool there, string name) => there ? source.Vector(prefix + name) : [];
        bool before = config.Norms != NormPlacement.After, behind = config.Norms != NormPlacement.Before;
        return new LayerWeights
        {
            Config = config,
            InputNorm = Norm(before, LayerTensors.InputNorm),
            Attention = AttentionWeights.Load(source, config.Attention, $"{prefix}self_attn."),
            AttentionOutputNorm = Norm(behind, LayerTensors.PostAttentionNorm),
            FeedForwardNorm = Norm(before, behind ? LayerTensors.PreFeedForwardNorm : LayerTensors.PostAttentionNorm),
            FeedForward = config.FeedForward.Experts is null ? FeedForwardWeights.Load(source, config.FeedForward, $"{prefix}mlp.") : null,
            Experts = config.FeedForward.Experts is { } experts ? ExpertWeights.Load(source, experts, prefix) : null,
            FeedForwardOutputNorm = Norm(behind, LayerTensors.PostFeedForwardNorm),
        };
    }
}

/// <summary>The weights of an attention block. A = attention heads * D, K = key-value heads * D. Biases and norms may be empty.</summary>
internal sealed class AttentionWeights
{
    /// <summary>[A, H]</summary>
    public required WeightMatrix Query { get; init; }

    /// <summary>[A]</summary>
    public required float[] QueryBias { get; init; }

    /// <summary>[K, H]</summary>
    public required WeightMatrix Key { get; init; }

    /// <summary>[K]</summary>
    public required float[] KeyBias { get; init; }

    /// <summary>[K, H]</summary>
    public required WeightMatrix Value { get; init; }

    /// <summary>[K]</summary>
    public required float[] ValueBias { get; init; }

    /// <summary>[D] or [A]</summary>
    public required float[] QueryNorm { get; init; }

    /// <summary>[D] or [K]</summary>
    public required float[] KeyNorm { get; init; }

    /// <summary>[H, A]</summary>
    public required WeightMatrix Output { get; init; }

    /// <summary>[H]</summary>
    public required float[] OutputBias { get; init; }

    /// <summary>All that is held in single precision.</summary>
    public IEnumerable<float[]> Vectors => [QueryBias, KeyBias, ValueBias, QueryNorm, KeyNorm, OutputBias];

    public static AttentionWeights Load(IWeightSource source, AttentionConfig config, string prefix)
    {
        float[] Vector(bool there, string name) => there ? source.Vector(prefix + name) : [];
        bool norm = config.QueryKeyNorm != QueryKeyNorm.None;
        return new AttentionWeights
        {
            Query = source.Matrix($"{prefix}q_proj.weight"),
            QueryBias = Vector(config.InputBias, "q_proj.bias"),
            Key = source.Matrix($"{prefix}k_proj.weight"),
            KeyBias = Vector(config.InputBias, "k_proj.bias"),
            Value = source.Matrix($"{prefix}v_proj.weight"),
            ValueBias = Vector(config.InputBias, "v_proj.bias"),
            QueryNorm = Vector(norm, "q_norm.weight"),
            KeyNorm = Vector(norm, "k_norm.weight"),
            Output = source.Matrix($"{prefix}o_proj.weight"),
            OutputBias = Vector(config.OutputBias, "o_proj.bias"),
        };
    }
}

/// <summary>The weights of a feed-forward block of width I. Biases may be empty.</summary>
internal sealed class FeedForwardWeights
{
    /// <summary>[I, H]</summary>
    public required WeightMatrix Gate { get; init; }

    /// <summary>[I]</summary>
    public required float[] GateBias { get; init; }

    /// <summary>[I, H]</summary>
    public required WeightMatrix Up { get; init; }

    /// <summary>[I]</summary>
    public required float[] UpBias { get; init; }

    /// <summary>[H, I]</summary>
    public required WeightMatrix Down { get; init; }

    /// <summary>[H]</summary>
    public required float[] DownBias { get; init; }

    /// <summary>All that is held in single precision.</summary>
    public IEnumerable<float[]> Vectors => [GateBias, UpBias, DownBias];

    /// <summary>The matrices.</summary>
    public IEnumerable<WeightMatrix> Matrices => [Gate, Up, Down];

    public static FeedForwardWeights Load(IWeightSource source, FeedForwardConfig config, string prefix) => Load(source, config.Bias, prefix);

    public static FeedForwardWeights Load(IWeightSource source, bool bias, string prefix)
    {
        float[] Bias(string name) => bias ? source.Vector(prefix + name) : [];
        return new FeedForwardWeights
        {
            Gate = source.Matrix($"{prefix}gate_proj.weight"),
            GateBias = Bias("gate_proj.bias"),
            Up = source.Matrix($"{prefix}up_proj.weight"),
            UpBias = Bias("up_proj.bias"),
            Down = source.Matrix($"{prefix}down_proj.weight"),
            DownBias = Bias("down_proj.bias"),
        };
    }
}
