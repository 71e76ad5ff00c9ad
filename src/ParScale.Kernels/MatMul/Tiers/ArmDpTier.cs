using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>
/// Arm AdvSimd with the dot-product extension. Its product takes signed weights: flipping the top bit of a stored 8-bit code
/// takes the offset off, so nothing is left to undo; 4-bit codes are small enough as they are.
/// </summary>
internal readonly unsafe struct ArmDpTier : IDotTier<Vector128<int>>
{
    public static int Lanes => Vector128<int>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadBytes(byte* weights) =>
        PortableTier.LoadBytes(weights) ^ Vector128.Create((byte)0x80).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadNibbles(byte* weights, out Vector128<int> first, out Vector128<int> next) =>
        PortableTier.LoadNibbles(weights, out first, out next);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Broadcast(sbyte* x) => PortableTier.Broadcast(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> StartBytes(int start) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> StartNibbles(int start) => PortableTier.StartNibbles(start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot(Vector128<int> sum, Vector128<int> weights, Vector128<int> x) =>
        Dp.DotProduct(sum, weights.AsSByte(), x.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> a, Vector128<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddScaled(Vector128<int> sum, ushort* scales, float xScale, float* y) => PortableTier.AddScaled(sum, scales, xScale, y);
}
