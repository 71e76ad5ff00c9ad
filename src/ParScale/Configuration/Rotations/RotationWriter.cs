using System.Text.Json;

namespace ParScale.Configuration.Rotations;

/// <summary>Writes a rotation as the keys that <see cref="RotationReader"/> and all versions of Transformers read.</summary>
internal static class RotationWriter
{
    /// <summary>The keys <c>rope_theta</c>, and <c>partial_rotary_factor</c> and <c>rope_scaling</c> where they say something.</summary>
    public static void Write(Utf8JsonWriter json, Rotation rotation, int headSize)
    {
        json.WriteNumber("rope_theta", rotation.Theta);
        if (rotation.Size != headSize) json.WriteNumber("partial_rotary_factor", (double)rotation.Size / headSize);
        if (rotation is LongRotation { OriginalPositions: var original }) json.WriteNumber("original_max_position_embeddings", original);
        if (rotation is DefaultRotation) return;
        json.WriteStartObject("rope_scaling");
        WriteScaling(json, rotation);
        json.WriteEndObject();
    }

    /// <summary>Its <c>rope_type</c>.</summary>
    public static string TypeName(Rotation rotation) => rotation switch
    {
        LinearRotation => "linear",
        DynamicRotation => "dynamic",
        Llama3Rotation => "llama3",
        YarnRotation => "yarn",
        LongRotation => "longrope",
        _ => "default",
    };

    /// <summary>The type and the numbers that belong to it.</summary>
    public static void WriteScaling(Utf8JsonWriter json, Rotation rotation)
    {
        json.WriteString("rope_type", TypeName(rotation));
        switch (rotation)
        {
            case LinearRotation linear:
                json.WriteNumber("factor", linear.Factor);
                break;
            case DynamicRotation dynamic:
                json.WriteNumber("factor", dynamic.Factor);
                break;
            case Llama3Rotation llama3:
                json.WriteNumber("factor", llama3.Factor);
                json.WriteNumber("low_freq_factor", llama3.LowFrequencyFactor);
                json.WriteNumber("high_freq_factor", llama3.HighFrequencyFactor);
                json.WriteNumber("original_max_position_embeddings", llama3.OriginalPositions);
                break;
            case YarnRotation yarn:
                json.WriteNumber("factor", yarn.Factor);
                json.WriteNumber("original_max_position_embeddings", yarn.OriginalPositions);
                json.WriteNumber("beta_fast", yarn.FastTurns);
                json.WriteNumber("beta_slow", yarn.SlowTurns);
                json.WriteNumber("attention_factor", yarn.AttentionFactor);
                if (!yarn.WholeIndices) json.WriteBoolean("truncate", false);
                break;
            case LongRotation longRope:
                WriteList(json, "short_factor", longRope.ShortFactors);
                WriteList(json, "long_factor", longRope.LongFactors);
                json.WriteNumber("attention_factor", longRope.AttentionFactor);
                break;
        }
    }

    private static void WriteList(Utf8JsonWriter json, string key, IReadOnlyList<double> values)
    {
        json.WriteStartArray(key);
        foreach (double value in values) json.WriteNumberValue(value);
        json.WriteEndArray();
    }
}
