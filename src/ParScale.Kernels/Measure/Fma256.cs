using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ParScale.Kernels.Measure;

/// <summary>256-bit vectors, or two of 128 bits.</summary>
internal readonly struct Fma256 : IFloatLanes<Vector256<float>>
{
    public static int Lanes => Vector256<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Create(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Vector256.MultiplyAddEstimate(a, b, c);
}
