using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using ParScale.Kernels.Formats;
using ParScale.Kernels.MatMul.Tiers;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Machine;

/// <summary>
/// How many multiply-adds all threads together do in a second when nothing waits for memory and nothing else is to be done:
/// the best instructions that this machine has, again and again.
/// </summary>
internal static unsafe class DotRate
{
    // Several shares for each thread, so that one which comes late takes fewer and all end together.
    private const int SharesPerThread = 16;

    private static readonly delegate* unmanaged[Cdecl]<nint, void> Assembled = DotLoopCode.IsSupported ? DotLoopCode.Publish() : null;

    /// <summary>8-bit multiply-adds a second, one run of a few milliseconds.</summary>
    public static double Int8(WorkerPool pool)
    {
        if (Assembled != null) return Rate<AssembledJob>(pool, AssembledJob.Products);
        if (AvxVnni.IsSupported && Fma.IsSupported) return Int8<DotBytesStep<AvxVnniTier, Vector256<int>>, Vector256<int>>(pool);
        if (Avx2.IsSupported && Fma.IsSupported) return Int8<Avx2BytesStep, Vector256<int>>(pool);
        if (Dp.IsSupported) return Int8<DotBytesStep<ArmDpTier, Vector128<int>>, Vector128<int>>(pool);
        return Int8<DotBytesStep<PortableTier, Vector128<int>>, Vector128<int>>(pool);
    }

    /// <summary>float32 multiply-adds a second, one run of a few milliseconds.</summary>
    public static double Float32(WorkerPool pool) => Vector512.IsHardwareAccelerated
        ? Float32<Simd512, Vector512<float>, Vector512<int>>(pool)
        : Float32<Simd256, Vector256<float>, Vector256<int>>(pool);

    // Where vectors have 128 bits, those of 256 are two: as many sums as processors with four units need.
    private static double Float32<TSimd, TFloat, TInt>(WorkerPool pool)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct =>
        Rate<FloatJob<TSimd, TFloat, TInt>>(pool, FloatJob<TSimd, TFloat, TInt>.Products);

    private static double Int8<TStep, TVector>(WorkerPool pool) where TStep : struct, IProductStep<TVector> where TVector : struct =>
        Rate<DotJob<TStep, TVector>>(pool, DotJob<TStep, TVector>.Products);

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

    // Steps of the kernels: two vectors of weights by four rows of activations. They come from the first-level cache each time: what does
    // not change within a loop, the compiler would compute once.
    private readonly struct DotJob<TStep, TVector> : IRangeJob
        where TStep : struct, IProductStep<TVector>
        where TVector : struct
    {
        private const int Rows = 4, WordBytes = 4, MostWords = 2;

        // Plain code is a hundred times slower; it shall not take a hundred times as long.
        private static readonly int Rounds = Vector128.IsHardwareAccelerated ? 500 : 5;

        public static double Products => 2.0 * Rows * 4 * TStep.Lanes * TStep.Steps * Rounds;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int start, int end)
        {
            byte* weights = stackalloc byte[TStep.Steps * QuantizedLayout.StepBytes];
            sbyte* x = stackalloc sbyte[TStep.Steps * Rows * MostWords * WordBytes];
            new Span<byte>(weights, TStep.Steps * QuantizedLayout.StepBytes).Fill(3);
            new Span<sbyte>(x, TStep.Steps * Rows * MostWords * WordBytes).Fill(5);
            for (int share = start; share < end; share++) Share(weights, x);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Share(byte* weights, sbyte* x)
        {
            TVector a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
            for (int round = Rounds; round > 0; round--)
            {
                byte* w = weights;
                sbyte* from = x;
                for (int step = TStep.Steps; step > 0; step--, w += QuantizedLayout.StepBytes, from += TStep.Words * Rows * WordBytes)
                {
                    TStep.Load(w, out TVector first, out TVector firstNext);
                    TStep.Load(w + TStep.Lanes * 4, out TVector second, out TVector secondNext);
                    Add(first, second, from, ref a0, ref b0);
                    Add(first, second, from + WordBytes, ref a1, ref b1);
                    Add(first, second, from + 2 * WordBytes, ref a2, ref b2);
                    Add(first, second, from + 3 * WordBytes, ref a3, ref b3);
                    if (TStep.Words == 1) continue;
                    Add(firstNext, secondNext, from + 4 * WordBytes, ref a0, ref b0);
                    Add(firstNext, secondNext, from + 5 * WordBytes, ref a1, ref b1);
                    Add(firstNext, secondNext, from + 6 * WordBytes, ref a2, ref b2);
                    Add(firstNext, secondNext, from + 7 * WordBytes, ref a3, ref b3);
                }
            }
            Sink.Take(TStep.Add(TStep.Add(a0, a1, a2), b0, TStep.Add(TStep.Add(a3, b1, b2), b3, a0)));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Add(TVector first, TVector second, sbyte* x, ref TVector a, ref TVector b)
        {
            TVector value = TStep.Broadcast(x);
            a = TStep.Add(a, first, value);
            b = TStep.Add(b, second, value);
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
