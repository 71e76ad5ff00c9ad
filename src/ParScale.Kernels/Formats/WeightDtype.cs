namespace ParScale.Kernels.Formats;

/// <summary>How the values of a weight matrix lie in memory.</summary>
public enum WeightDtype
{
    /// <summary>IEEE single precision, 4 bytes a value. Products are in float32.</summary>
    F32,

    /// <summary>The upper half of a single: 8 exponent bits, 7 mantissa bits, 2 bytes a value. Products are in float32.</summary>
    Bf16,

    /// <summary>8-bit codes with one scale for 128 values. Activations are rounded to 8 bits on the fly; sums are exact integers.</summary>
    Q8,

    /// <summary>4-bit codes with one scale for 64 values; the embedding and the head stay in <see cref="Q8"/>.</summary>
    Q4,
}
