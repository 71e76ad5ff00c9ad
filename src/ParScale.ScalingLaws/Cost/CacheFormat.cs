namespace ParScale.ScalingLaws.Cost;

/// <summary>How keys and values of past tokens lie in memory.</summary>
public enum CacheFormat
{
    /// <summary>4 bytes a value.</summary>
    F32,

    /// <summary>2 bytes a value.</summary>
    Bf16,

    /// <summary>A byte a value; a float32 scale for 32 values of a key, and one for all values of a head.</summary>
    Q8,
}
