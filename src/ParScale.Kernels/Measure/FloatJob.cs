using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ParScale.Kernels.Threads;

namespace ParScale.Kernels.Measure;

/// <summary>Shares of float multiply-adds in registers alone.</summary>
internal readonly struct FloatJob<TLanes, TVector> : IRangeJob
    where TLanes : struct, IFloatLanes<TVector>
    where TVector : struct
{
    // Two units with a latency of four or five cycles are kept busy by ten sums and more.
    private const int Sums = 12;

    // Plain code is a hundred times slower; it shall not take a hundred times as long.
    private static readonly int Rounds = Vector128.IsHardwareAccelerated ? 40_000 : 400;

    /// <summary>Multiply-adds of one share.</summary>
    public static double Products => (double)Rounds * Sums * TLanes.Lanes;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int start, int end)
    {
        for (int share = start; share < end; share++) Share();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Share()
    {
        TVector x = TLanes.Create(0.9999f), y = TLanes.Create(1e-3f);
        TVector a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int round = Rounds; round > 0; round--)
        {
            a = TLanes.MultiplyAdd(a, x, y);
            b = TLanes.MultiplyAdd(b, x, y);
            c = TLanes.MultiplyAdd(c, x, y);
            d = TLanes.MultiplyAdd(d, x, y);
            e = TLanes.MultiplyAdd(e, x, y);
            f = TLanes.MultiplyAdd(f, x, y);
            g = TLanes.MultiplyAdd(g, x, y);
            h = TLanes.MultiplyAdd(h, x, y);
            i = TLanes.MultiplyAdd(i, x, y);
            j = TLanes.MultiplyAdd(j, x, y);
            k = TLanes.MultiplyAdd(k, x, y);
            l = TLanes.MultiplyAdd(l, x, y);
        }
        TVector left = TLanes.MultiplyAdd(a, b, TLanes.MultiplyAdd(c, d, TLanes.MultiplyAdd(e, f, x)));
        Sink.Take(TLanes.MultiplyAdd(g, h, TLanes.MultiplyAdd(i, j, TLanes.MultiplyAdd(k, l, left))));
    }
}
