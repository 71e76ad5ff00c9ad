namespace ParScale.ScalingLaws.Cost;

/// <summary>How the matrices of a model lie in memory. Vectors and prefixes are float32 in all of them.</summary>
public enum WeightFormat
{
    /// <summary>IEEE single precision: 32 bits a weight.</summary>
    F32,

    /// <summary>bfloat16: 16 bits a weight.</summary>
    Bf16,

    /// <summary>8-bit levels and a 16-bit scale for 128 of them: 8.125 bits a weight.</summary>
    Q8,

    /// <summary>4-bit levels and a 16-bit scale for 64 of them: 4.25 bits a weight; embedding and head stay in <see cref="Q8"/>.</summary>
    Q4,
}
