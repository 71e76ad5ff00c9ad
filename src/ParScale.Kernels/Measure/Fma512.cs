using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ParScale.Kernels.Measure;

/// <summary>512-bit vectors.</summary>
internal readonly struct Fma512 : IFloatLanes<Vector512<float>>
{
    public static int Lanes => Vector512<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Create(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Vector512.MultiplyAddEstimate(a, b, c);
}
