using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ParScale.Kernels.Vectors;

/// <summary>Code that is generic over the width of vectors.</summary>
internal interface ISimdKernel
{
    /// <summary>Runs in vectors of one width.</summary>
    void Run<TSimd, TFloat, TInt>() where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct;
}

/// <summary>Chooses the width of vectors.</summary>
internal static unsafe class Simd
{
    /// <summary>Lanes of the widest vector: a sum that is kept in as many has the same bits in every width.</summary>
    public const int Lanes = 16;

    /// <summary>Bits of the widest vectors that this machine has; 32 where it has none.</summary>
    public static int Bits =>
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 32;

    /// <summary>Runs a kernel in the widest vectors that this machine has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TKernel>(TKernel kernel) where TKernel : struct, ISimdKernel, allows ref struct
    {
        if (Vector512.IsHardwareAccelerated) kernel.Run<Simd512, Vector512<float>, Vector512<int>>();
        else if (Vector256.IsHardwareAccelerated) kernel.Run<Simd256, Vector256<float>, Vector256<int>>();
        else if (Vector128.IsHardwareAccelerated) kernel.Run<Simd128, Vector128<float>, Vector128<int>>();
        else kernel.Run<Simd1, float, int>();
    }

    /// <summary>Adds lanes: [<see cref="Lanes"/>] singles, in the order of <see cref="ISimd{TFloat, TInt}.Sum"/> in the widest vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumLanes(float* lanes)
    {
        Vector128<float> even = Vector128.Load(lanes) + Vector128.Load(lanes + 8), odd = Vector128.Load(lanes + 4) + Vector128.Load(lanes + 12);
        return Simd128.Sum(even + odd);
    }

    /// <summary>The same of four sums at once, [4, <see cref="Lanes"/>], with SSE3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SumLanesOfFour(float* lanes, float* sums)
    {
        Vector128<float> low = Sse3.HorizontalAdd(ToFour(lanes), ToFour(lanes + Lanes));
        Vector128<float> high = Sse3.HorizontalAdd(ToFour(lanes + 2 * Lanes), ToFour(lanes + 3 * Lanes));
        Sse3.HorizontalAdd(low, high).Store(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ToFour(float* lanes)
    {
        Vector256<float> half = Vector256.Load(lanes) + Vector256.Load(lanes + 8);
        return half.GetLower() + half.GetUpper();
    }
}
