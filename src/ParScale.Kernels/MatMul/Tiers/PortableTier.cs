using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>128-bit vectors that every processor has, and plain code where there are none.</summary>
internal readonly unsafe struct PortableTier : IDotTier<Vector128<int>>
{
    public static int Lanes => Vector128<int>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadBytes(byte* weights) => Vector128.Load((int*)weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadNibbles(byte* weights, out Vector128<int> first, out Vector128<int> next)
    {
        Vector128<int> packed = Vector128.Load((int*)weights), low = Vector128.Create((byte)15).AsInt32();
        first = packed & low;
        next = (packed >>> 4) & low;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Broadcast(sbyte* x) => Vector128.Create(*(int*)x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> StartBytes(int start) => Vector128.Create(start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> StartNibbles(int start) => Vector128.Create(start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot(Vector128<int> sum, Vector128<int> weights, Vector128<int> x)
    {
        Vector128<int> low = Vector128.Create(0xFF);
        sum += (weights & low) * ((x << 24) >> 24);
        sum += ((weights >>> 8) & low) * ((x << 16) >> 24);
        sum += ((weights >>> 16) & low) * ((x << 8) >> 24);
        return sum + (weights >>> 24) * (x >> 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> a, Vector128<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddScaled(Vector128<int> sum, ushort* scales, float xScale, float* y)
    {
        var bits = Vector128.Create((uint)scales[0], scales[1], scales[2], scales[3]);
        Vector128<float> scale = (bits << 16).AsSingle() * Vector128.Create(xScale);
        Vector128.FusedMultiplyAdd(Vector128.ConvertToSingle(sum), scale, Vector128.Load(y)).Store(y);
    }
}
