namespace ParScale.PeerBenchmarks.Gguf;

/// <summary>The tensor types that are written, by their numbers in the file.</summary>
internal enum GgufType
{
    F32 = 0,

    /// <summary>Blocks of 32: a half-precision scale, 16 bytes of 4-bit codes with offset 8.</summary>
    Q4_0 = 2,

    /// <summary>Blocks of 32: a half-precision scale, 32 signed bytes.</summary>
    Q8_0 = 8,
}
