using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>
/// AVX2 with FMA. Its byte product saturates at 16 bits, so even and odd bytes are widened to 16 bits first: exact, at twice
/// the instructions.
/// </summary>
internal readonly unsafe struct Avx2Tier : IDotTier<Vector256<int>>
{
    public static int Lanes => Vector256<int>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadBytes(byte* weights) => Vector256.Load((int*)weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadNibbles(byte* weights, out Vector256<int> first, out Vector256<int> next)
    {
        Vector256<int> packed = Vector256.Load((int*)weights), low = Vector256.Create((byte)15).AsInt32();
        first = packed & low;
        next = (packed >>> 4) & low;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(sbyte* x) => Vector256.Create(*(int*)x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> StartBytes(int start) => Vector256.Create(start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> StartNibbles(int start) => Vector256.Create(start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sum, Vector256<int> weights, Vector256<int> x)
    {
        Vector256<short> w = weights.AsInt16(), values = x.AsInt16();
        Vector256<int> even = Avx2.MultiplyAddAdjacent(w & Vector256.Create((short)0xFF), (values << 8) >> 8);
        Vector256<int> odd = Avx2.MultiplyAddAdjacent(w >>> 8, values >> 8);
        return sum + even + odd;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> a, Vector256<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddScaled(Vector256<int> sum, ushort* scales, float xScale, float* y)
    {
        Vector256<float> scale = (Avx2.ConvertToVector256Int32(scales) << 16).AsSingle() * Vector256.Create(xScale);
        Fma.MultiplyAdd(Vector256.ConvertToSingle(sum), scale, Vector256.Load(y)).Store(y);
    }
}
