using System.Numerics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace ParScale.Kernels;

/// <summary>Names the instructions that the kernels run on, so that nobody has to guess.</summary>
internal static class KernelTier
{
    /// <summary>For example <c>AVX2+FMA 256-bit</c>.</summary>
    public static string Name { get; } = $"{Instructions} {Vector<byte>.Count * 8}-bit";

    private static string Instructions =>
        !Vector.IsHardwareAccelerated ? "portable" :
        Avx2.IsSupported && Fma.IsSupported ? "AVX2+FMA" :
        Avx2.IsSupported ? "AVX2" :
        AdvSimd.IsSupported ? "AdvSimd" :
        Sse2.IsSupported ? "SSE2" : "portable SIMD";
}
