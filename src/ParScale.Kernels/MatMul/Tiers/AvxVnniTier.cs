using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>AVX-VNNI: one instruction multiplies and adds 32 bytes.</summary>
internal readonly unsafe struct AvxVnniTier : IDotTier<Vector256<int>>
{
    public static int Lanes => Vector256<int>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadBytes(byte* weights) => Vector256.Load((int*)weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadNibbles(byte* weights, out Vector256<int> first, out Vector256<int> next) =>
        Avx2Operations.LoadNibbles(weights, out first, out next);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(sbyte* x) => Avx2Operations.Broadcast(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> StartBytes(int start) => Vector256.Create(start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> StartNibbles(int start) => Vector256.Create(start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sum, Vector256<int> weights, Vector256<int> x) =>
        AvxVnni.MultiplyWideningAndAdd(sum, weights.AsByte(), x.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> a, Vector256<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddScaled(Vector256<int> sum, ushort* scales, float xScale, float* y) => Avx2Operations.AddScaled(sum, scales, xScale, y);
}
