using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using ParScale.Kernels.MatMul.Tiers;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Machine;

/// <summary>
/// How many multiply-adds all threads together do in a second when nothing waits for memory and nothing else is to be done:
/// the best instruction that this machine has, again and again.
/// </summary>
internal static unsafe class DotRate
{
    // Several shares for each thread, so that one which comes late takes fewer and all end together.
    private const int SharesPerThread = 16;

    private static readonly delegate* unmanaged[Cdecl]<nint, void> Assembled = AssembledKernel.IsSupported ? DotLoopCode.Publish() : null;

    /// <summary>8-bit multiply-adds a second, one run of a few milliseconds.</summary>
    public static double Int8(WorkerPool pool)
    {
        if (Assembled != null) return Rate<AssembledJob>(pool, AssembledJob.Products);
        if (AvxVnni.IsSupported && Fma.IsSupported) return Rate<DotJob<AvxVnniTier, Vector256<int>>>(pool, DotJob<AvxVnniTier, Vector256<int>>.Products);
        if (Avx2.IsSupported && Fma.IsSupported) return Rate<DotJob<Avx2Tier, Vector256<int>>>(pool, DotJob<Avx2Tier, Vector256<int>>.Products);
        if (Dp.IsSupported) return Rate<DotJob<ArmDpTier, Vector128<int>>>(pool, DotJob<ArmDpTier, Vector128<int>>.Products);
        return Rate<DotJob<PortableTier, Vector128<int>>>(pool, DotJob<PortableTier, Vector128<int>>.Products);
    }

    /// <summary>float32 multiply-adds a second, one run of a few milliseconds.</summary>
    public static double Float32(WorkerPool pool) => Vector512.IsHardwareAccelerated
        ? Float32<Simd512, Vector512<float>, Vector512<int>>(pool)
        : Float32<Simd256, Vector256<float>, Vector256<int>>(pool);

    // Where vectors have 128 bits, those of 256 are two: as many sums as processors with four units need.
    private static double Float32<TSimd, TFloat, TInt>(WorkerPool pool)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct =>
        Rate<FloatJob<TSimd, TFloat, TInt>>(pool, FloatJob<TSimd, TFloat, TInt>.Products);

    private static double Rate<TJob>(WorkerPool pool, double productsPerShare) where TJob : struct, IRangeJob
    {
        ArgumentNullException.ThrowIfNull(pool);
        int shares = pool.ThreadCount * SharesPerThread;
        var job = default(TJob);
        // Compiles the loop and wakes the threads.
        pool.Run(ref job, pool.ThreadCount, 1);
        long start = Stopwatch.GetTimestamp();
        pool.Run(ref job, shares, 1);
        return shares * productsPerShare / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private readonly struct AssembledJob : IRangeJob
    {
        private const int Rounds = 20_000;

        public static double Products => (double)Rounds * DotLoopCode.ProductsPerRound;

        public void Run(int start, int end)
        {
            for (int share = start; share < end; share++) Assembled(Rounds);
        }
    }

    // Two vectors of weights by four of activations, as in the kernels. They come from the first-level cache each time: what
    // does not change within a loop, the compiler would compute once.
    private readonly struct DotJob<TTier, TVector> : IRangeJob
        where TTier : struct, IDotTier<TVector>
        where TVector : struct
    {
        private const int Steps = 16;

        // Plain code is a hundred times slower; it shall not take a hundred times as long.
        private static readonly int Rounds = Vector128.IsHardwareAccelerated ? 1_000 : 10;

        public static double Products => 8.0 * 4 * TTier.Lanes * Steps * Rounds;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int start, int end)
        {
            const int most = 64;
            byte* weights = stackalloc byte[2 * most * Steps];
            sbyte* x = stackalloc sbyte[16 * Steps];
            new Span<byte>(weights, 2 * most * Steps).Fill(3);
            new Span<sbyte>(x, 16 * Steps).Fill(5);
            for (int share = start; share < end; share++) Share(weights, x);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Share(byte* weights, sbyte* x)
        {
            TVector a0 = TTier.StartBytes(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
            int vector = TTier.Lanes * 4;
            for (int round = Rounds; round > 0; round--)
            {
                for (int step = 0; step < Steps; step++)
                {
                    byte* w = weights + step * 2 * vector;
                    sbyte* from = x + step * 16;
                    TVector first = TTier.LoadBytes(w), second = TTier.LoadBytes(w + vector);
                    Add(first, second, from, ref a0, ref b0);
                    Add(first, second, from + 4, ref a1, ref b1);
                    Add(first, second, from + 8, ref a2, ref b2);
                    Add(first, second, from + 12, ref a3, ref b3);
                }
            }
            Sink.Take(TTier.Dot(TTier.Dot(a0, a1, a2), b0, TTier.Dot(TTier.Dot(a3, b1, b2), b3, a0)));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Add(TVector first, TVector second, sbyte* x, ref TVector a, ref TVector b)
        {
            TVector value = TTier.Broadcast(x);
            a = TTier.Dot(a, first, value);
            b = TTier.Dot(b, second, value);
        }
    }
}

/// <summary>Takes results that nobody needs, so that the work which led to them is not optimised away.</summary>
internal static class Sink
{
    /// <summary>Does nothing with the value, which the compiler cannot know.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Take<T>(T value) => _ = value;
}
