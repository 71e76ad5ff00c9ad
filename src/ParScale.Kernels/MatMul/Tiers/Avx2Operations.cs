using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>What the steps of AVX2 and of AVX-VNNI do alike.</summary>
internal static unsafe class Avx2Operations
{
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
    public static void AddScaled(Vector256<int> sum, ushort* scales, float xScale, float* y)
    {
        Vector256<float> scale = (Avx2.ConvertToVector256Int32(scales) << 16).AsSingle() * Vector256.Create(xScale);
        Fma.MultiplyAdd(Vector256.ConvertToSingle(sum), scale, Vector256.Load(y)).Store(y);
    }
}
