using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace ParScale.Kernels.MatMul;

/// <content>The inner loop of the float kernels.</content>
internal static unsafe partial class FloatMatMul
{
    /// <summary>A number of rows of x as a type, so that each has code of its own.</summary>
    private interface IRows
    {
        static abstract int Count { get; }
    }

    private readonly struct Rows1 : IRows { public static int Count => 1; }
    private readonly struct Rows2 : IRows { public static int Count => 2; }
    private readonly struct Rows3 : IRows { public static int Count => 3; }
    private readonly struct Rows4 : IRows { public static int Count => 4; }
    private readonly struct Rows5 : IRows { public static int Count => 5; }
    private readonly struct Rows6 : IRows { public static int Count => 6; }
    private readonly struct Rows7 : IRows { public static int Count => 7; }
    private readonly struct Rows8 : IRows { public static int Count => 8; }

    private readonly partial struct Job<TFormat, TLanes, TVector>
    {
        // Three rows of weights by up to eight rows of x: 24 sums, 6 vectors of weights and one of x fill 31 of 32 registers.
        // `rows` is a constant of each instance, and what it excludes is not compiled. The helpers must stay this small:
        // with more temporaries than the compiler tracks, every sum goes through memory and the tile takes 2.3 times as long.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Tile<TRows>(in Strip strip) where TRows : struct, IRows
        {
            TVector a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
            TVector b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default, b6 = default, b7 = default;
            TVector c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default;
            int width = TLanes.Count, rows = TRows.Count, chunk = 2 * TLanes.Count * TFormat.BytesPerValue;
            byte* w0 = strip.Weights0, w1 = strip.Weights1, w2 = strip.Weights2, tails = strip.Tails, next = strip.Next;
            nint k = 0, end = strip.Bytes, nextStep = strip.NextStep;
            float* x = strip.Panel;
            while (true)
            {
                for (; k < end; k += chunk, next += OutputTile * nextStep)
                {
                    Fetch(w0 + k, w1 + k, w2 + k, next, nextStep, chunk);
                    TLanes.LoadPair<TFormat>(w0 + k, out TVector u0, out TVector v0);
                    TLanes.LoadPair<TFormat>(w1 + k, out TVector u1, out TVector v1);
                    TLanes.LoadPair<TFormat>(w2 + k, out TVector u2, out TVector v2);
                    Add(x, u0, u1, u2, ref a0, ref b0, ref c0);
                    if (rows > 1) Add(x + width, u0, u1, u2, ref a1, ref b1, ref c1);
                    if (rows > 2) Add(x + 2 * width, u0, u1, u2, ref a2, ref b2, ref c2);
                    if (rows > 3) Add(x + 3 * width, u0, u1, u2, ref a3, ref b3, ref c3);
                    if (rows > 4) Add(x + 4 * width, u0, u1, u2, ref a4, ref b4, ref c4);
                    if (rows > 5) Add(x + 5 * width, u0, u1, u2, ref a5, ref b5, ref c5);
                    if (rows > 6) Add(x + 6 * width, u0, u1, u2, ref a6, ref b6, ref c6);
                    if (rows > 7) Add(x + 7 * width, u0, u1, u2, ref a7, ref b7, ref c7);
                    x += rows * width;
                    Add(x, v0, v1, v2, ref a0, ref b0, ref c0);
                    if (rows > 1) Add(x + width, v0, v1, v2, ref a1, ref b1, ref c1);
                    if (rows > 2) Add(x + 2 * width, v0, v1, v2, ref a2, ref b2, ref c2);
                    if (rows > 3) Add(x + 3 * width, v0, v1, v2, ref a3, ref b3, ref c3);
                    if (rows > 4) Add(x + 4 * width, v0, v1, v2, ref a4, ref b4, ref c4);
                    if (rows > 5) Add(x + 5 * width, v0, v1, v2, ref a5, ref b5, ref c5);
                    if (rows > 6) Add(x + 6 * width, v0, v1, v2, ref a6, ref b6, ref c6);
                    if (rows > 7) Add(x + 7 * width, v0, v1, v2, ref a7, ref b7, ref c7);
                    x += rows * width;
                }
                if (tails == null) break;
                w0 = tails;
                w1 = tails + chunk;
                w2 = tails + 2 * chunk;
                tails = null;
                (k, end) = (0, chunk);
            }
            Sum(strip.Sums, a0, b0, c0);
            if (rows > 1) Sum(strip.Sums + 4, a1, b1, c1);
            if (rows > 2) Sum(strip.Sums + 8, a2, b2, c2);
            if (rows > 3) Sum(strip.Sums + 12, a3, b3, c3);
            if (rows > 4) Sum(strip.Sums + 16, a4, b4, c4);
            if (rows > 5) Sum(strip.Sums + 20, a5, b5, c5);
            if (rows > 6) Sum(strip.Sums + 24, a6, b6, c6);
            if (rows > 7) Sum(strip.Sums + 28, a7, b7, c7);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Add(float* from, TVector w0, TVector w1, TVector w2, ref TVector a, ref TVector b, ref TVector c)
        {
            TVector x = TLanes.Load(from);
            a = TLanes.MultiplyAdd(x, w0, a);
            b = TLanes.MultiplyAdd(x, w1, b);
            c = TLanes.MultiplyAdd(x, w2, c);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Sum(float* sums, TVector a, TVector b, TVector c)
        {
            sums[0] = TLanes.Sum(a);
            sums[1] = TLanes.Sum(b);
            sums[2] = TLanes.Sum(c);
        }

        // Memory is read in one straight line into the second-level cache, a tile ahead, and from there row by row into the
        // first. Left to the processor, three rows at once reach two thirds of the bandwidth. A fetch never faults.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Fetch(byte* w0, byte* w1, byte* w2, byte* next, nint nextStep, nint chunk)
        {
            if (!Sse.IsSupported) return;
            FetchLine(w0, w1, w2, next, nextStep, chunk);
            if (chunk > 64) FetchLine(w0 + 64, w1 + 64, w2 + 64, next + 64, nextStep, chunk);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void FetchLine(byte* w0, byte* w1, byte* w2, byte* next, nint nextStep, nint chunk)
        {
            Sse.Prefetch1(next);
            Sse.Prefetch1(next + nextStep);
            Sse.Prefetch1(next + 2 * nextStep);
            Sse.Prefetch0(w0 + 8 * chunk);
            Sse.Prefetch0(w1 + 8 * chunk);
            Sse.Prefetch0(w2 + 8 * chunk);
        }
    }
}
