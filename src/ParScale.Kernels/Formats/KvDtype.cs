namespace ParScale.Kernels.Formats;

/// <summary>How keys and values of past tokens lie in memory. Scores and sums are in float32 for all of them.</summary>
public enum KvDtype
{
    /// <summary>IEEE single precision, 4 bytes a value.</summary>
    F32,

    /// <summary>The upper half of a single, rounded to nearest: 2 bytes a value.</summary>
    Bf16,

    /// <summary>Signed 8-bit integers: one scale for 32 numbers of a key, one for a whole value vector of a head.</summary>
    Q8,
}
