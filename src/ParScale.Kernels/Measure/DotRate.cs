using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ParScale.Kernels.Threads;

namespace ParScale.Kernels.Measure;

/// <summary>How many multiply-adds all threads together do in a second when nothing waits for memory.</summary>
internal static unsafe class DotRate
{
    // Long enough to measure, short enough that a busy machine lets some runs pass undisturbed.
    private const int FloatRounds = 500_000;

    /// <summary>float32 multiply-adds a second, one short run.</summary>
    public static double Float32(WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        var job = new FloatJob();
        long start = Stopwatch.GetTimestamp();
        pool.Run(ref job, pool.ThreadCount, 1);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return (double)pool.ThreadCount * FloatRounds * FloatJob.Sums * Vector512<float>.Count / seconds;
    }

    private readonly struct FloatJob : IRangeJob
    {
        // Two units with a latency of four or five cycles are kept busy by ten sums and more.
        public const int Sums = 12;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int start, int end)
        {
            for (int share = start; share < end; share++) Share();
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Share()
        {
            Vector512<float> x = Vector512.Create(0.9999f), y = Vector512.Create(1e-3f);
            Vector512<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
            for (int round = 0; round < FloatRounds; round++)
            {
                a = Vector512.MultiplyAddEstimate(a, x, y);
                b = Vector512.MultiplyAddEstimate(b, x, y);
                c = Vector512.MultiplyAddEstimate(c, x, y);
                d = Vector512.MultiplyAddEstimate(d, x, y);
                e = Vector512.MultiplyAddEstimate(e, x, y);
                f = Vector512.MultiplyAddEstimate(f, x, y);
                g = Vector512.MultiplyAddEstimate(g, x, y);
                h = Vector512.MultiplyAddEstimate(h, x, y);
                i = Vector512.MultiplyAddEstimate(i, x, y);
                j = Vector512.MultiplyAddEstimate(j, x, y);
                k = Vector512.MultiplyAddEstimate(k, x, y);
                l = Vector512.MultiplyAddEstimate(l, x, y);
            }
            Sink.Take(Vector512.Sum(a + b + c + d + e + f + (g + h + i + j + k + l)));
        }
    }
}
