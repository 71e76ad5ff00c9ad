using ParScale.Kernels.Memory;

namespace ParScale.Model;

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

    /// <summary>[P, key-value heads, prefix, D]; empty when P = 1.</summary>
    public required float[] PrefixKeys { get; init; }

    /// <summary>[P, key-value heads, prefix, D]; empty when P = 1.</summary>
    public required float[] PrefixValues { get; init; }

    /// <summary>[H]</summary>
    public required float[] PostAttentionNorm { get; init; }

    /// <summary>[I, H]</summary>
    public required WeightMatrix Gate { get; init; }

    /// <summary>[I, H]</summary>
    public required WeightMatrix Up { get; init; }

    /// <summary>[H, I]</summary>
    public required WeightMatrix Down { get; init; }

    public static LayerWeights Load(IWeightSource source, ModelConfig config, int index)
    {
        string name = $"model.layers.{index}.";
        bool prefix = config.Streams > 1;
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
            PrefixKeys = prefix ? source.Vector(name + "self_attn.prefix_k") : [],
            PrefixValues = prefix ? source.Vector(name + "self_attn.prefix_v") : [],
            PostAttentionNorm = source.Vector(name + "post_attention_layernorm.weight"),
            Gate = source.Matrix(name + "mlp.gate_proj.weight"),
            Up = source.Matrix(name + "mlp.up_proj.weight"),
            Down = source.Matrix(name + "mlp.down_proj.weight"),
        };
    }
}
