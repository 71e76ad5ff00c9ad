using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;

namespace ParScale.Model;

/// <summary>
/// A plain decoder: its numbers and its weights, read-only, and nothing about streams. Every <see cref="StreamSet"/> of a model runs
/// over the one copy that this is.
/// </summary>
internal sealed class Backbone : IDisposable
{
    /// <summary>Its numbers.</summary>
    public required ModelConfig Config { get; init; }

    /// <summary>[V, H]</summary>
    public required WeightMatrix Embedding { get; init; }

    /// <summary>The layers, the first one first.</summary>
    public required IReadOnlyList<LayerWeights> Layers { get; init; }

    /// <summary>[H]</summary>
    public required float[] FinalNorm { get; init; }

    /// <summary>[V, H]; the embedding itself when the checkpoint ties them.</summary>
    public required WeightMatrix Head { get; init; }

    /// <summary>Storage of the large matrices.</summary>
    public required WeightDtype Type { get; init; }

    /// <summary>One line per tensor that holds NaN or infinity.</summary>
    public required IReadOnlyList<string> NonFinite { get; init; }

    private IReadOnlyList<WeightMatrix> Matrices { get; init; } = [];

    /// <summary>Takes all tensors of a plain model from a source.</summary>
    public static Backbone From(IWeightSource source, ModelConfig config)
    {
        WeightMatrix embedding = source.Matrix(ModelTensors.EmbeddingName);
        var layers = new LayerWeights[config.LayerCount];
        for (int i = 0; i < layers.Length; i++) layers[i] = LayerWeights.Load(source, i);
        return new Backbone
        {
            Config = config,
            Embedding = embedding,
            Layers = layers,
            FinalNorm = source.Vector("model.norm.weight"),
            Head = config.TieWordEmbeddings ? embedding : source.Matrix(ModelTensors.HeadName),
            Type = layers[0].Down.Type,
            NonFinite = source.NonFinite,
            Matrices = source.Matrices,
        };
    }

    /// <summary>Frees converted matrices. Nobody may read any more.</summary>
    public void Dispose()
    {
        foreach (WeightMatrix matrix in Matrices) matrix.Dispose();
    }
}

/// <summary>The weights of one decoder layer. A = attention heads * D, K = key-value heads * D, I = intermediate size.</summary>
internal sealed class LayerWeights
{
    /// <summary>[H]</summary>
    public required float[] InputNorm { get; init; }

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

    /// <summary>[H, A]</summary>
    public required WeightMatrix Output { get; init; }

    /// <summary>[H]</summary>
    public required float[] PostAttentionNorm { get; init; }

    /// <summary>[I, H]</summary>
    public required WeightMatrix Gate { get; init; }

    /// <summary>[I, H]</summary>
    public required WeightMatrix Up { get; init; }

    /// <summary>[H, I]</summary>
    public required WeightMatrix Down { get; init; }

    public static LayerWeights Load(IWeightSource source, int index)
    {
        string name = $"model.layers.{index}.";
        return new LayerWeights
        {
            InputNorm = source.Vector(name + "input_layernorm.weight"),
            Query = source.Matrix(name + "self_attn.q_proj.weight"),
            QueryBias = source.Vector(name + "self_attn.q_proj.bias"),
            Key = source.Matrix(name + "self_attn.k_proj.weight"),
            KeyBias = source.Vector(name + "self_attn.k_proj.bias"),
            Value = source.Matrix(name + "self_attn.v_proj.weight"),
            ValueBias = source.Vector(name + "self_attn.v_proj.bias"),
            Output = source.Matrix(name + "self_attn.o_proj.weight"),
            PostAttentionNorm = source.Vector(name + "post_attention_layernorm.weight"),
            Gate = source.Matrix(name + "mlp.gate_proj.weight"),
            Up = source.Matrix(name + "mlp.up_proj.weight"),
            Down = source.Matrix(name + "mlp.down_proj.weight"),
        };
    }
}
