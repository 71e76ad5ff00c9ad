using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Machine;

/// <summary>Shares of float multiply-adds in registers alone.</summary>
internal readonly struct FloatJob<TSimd, TFloat, TInt> : IRangeJob
    where TSimd : struct, ISimd<TFloat, TInt>
    where TFloat : struct
    where TInt : struct
{
    // Two units with a latency of four or five cycles are kept busy by ten sums and more.
    private const int Sums = 12;

    // Plain code is a hundred times slower; it shall not take a hundred times as long.
    private static readonly int Rounds = Vector128.IsHardwareAccelerated ? 40_000 : 400;

    /// <summary>Multiply-adds of one share.</summary>
    public static double Products => (double)Rounds * Sums * TSimd.Count;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int start, int end)
    {
        for (int share = start; share < end; share++) Share();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Share()
    {
        TFloat x = TSimd.Broadcast(0.9999f), y = TSimd.Broadcast(1e-3f);
        TFloat a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int round = Rounds; round > 0; round--)
        {
            a = TSimd.MultiplyAdd(a, x, y);
            b = TSimd.MultiplyAdd(b, x, y);
            c = TSimd.MultiplyAdd(c, x, y);
            d = TSimd.MultiplyAdd(d, x, y);
            e = TSimd.MultiplyAdd(e, x, y);
            f = TSimd.MultiplyAdd(f, x, y);
            g = TSimd.MultiplyAdd(g, x, y);
            h = TSimd.MultiplyAdd(h, x, y);
            i = TSimd.MultiplyAdd(i, x, y);
            j = TSimd.MultiplyAdd(j, x, y);
            k = TSimd.MultiplyAdd(k, x, y);
            l = TSimd.MultiplyAdd(l, x, y);
        }
        TFloat left = TSimd.MultiplyAdd(a, b, TSimd.MultiplyAdd(c, d, TSimd.MultiplyAdd(e, f, x)));
        Sink.Take(TSimd.MultiplyAdd(g, h, TSimd.MultiplyAdd(i, j, TSimd.MultiplyAdd(k, l, left))));
    }
}
