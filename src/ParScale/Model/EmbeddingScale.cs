using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;

namespace ParScale.Model;

/// <summary>What embeddings are multiplied with.</summary>
internal static class EmbeddingScale
{
    /// <summary>The factor of a model; where its family rounds it, to the type that the embedding is stored in.</summary>
    public static float Of(ModelConfig config, IWeightSource source)
    {
        if (!config.RoundsEmbeddingMultiplier) return (float)config.EmbeddingMultiplier;
        // A quantised folder keeps its norms as they were; the type of the embedding there is that of its codes.
        TensorType stored = source.StoredType(ModelTensors.EmbeddingName);
        if (stored == TensorType.U8) stored = source.StoredType(ModelTensors.FinalNormName);
        return (float)Of(config, stored);
    }

    /// <summary>The same of a model that is to be stored in the type that its config names; without one in float32.</summary>
    public static double Of(CheckpointConfig config) => Of(config.Model, TensorTypeExtensions.OfConfig(config.StoredType));

    private static double Of(ModelConfig config, TensorType stored)
    {
        if (!config.RoundsEmbeddingMultiplier) return config.EmbeddingMultiplier;
        float factor = (float)config.EmbeddingMultiplier;
        return stored switch
        {
            TensorType.BF16 => ToBf16(factor),
            TensorType.F16 => (float)(Half)factor,
            _ => factor,
        };
    }

    // To the nearest, of two the even one; the factor is positive and far from the ends of the range.
    private static float ToBf16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }
}
