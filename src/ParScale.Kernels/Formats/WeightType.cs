namespace ParScale.Kernels.Formats;

/// <summary>How the values of a weight matrix lie in memory. Computation is in float32 for all of them.</summary>
public enum WeightType
{
    /// <summary>IEEE single precision, 4 bytes a value.</summary>
    F32,

    /// <summary>The upper half of a single: 8 exponent bits, 7 mantissa bits, 2 bytes a value.</summary>
    Bf16,
}
