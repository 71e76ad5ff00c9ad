using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.MatMul;

/// <content>The inner loop of the float kernels.</content>
internal static unsafe partial class FloatMatMul
{
    private readonly partial struct Job<TFormat, TSimd, TFloat, TInt>
    {
        // Three rows of weights by up to eight rows of x: 24 sums, 6 vectors of weights and one of x fill 31 of 32 registers.
        // `rows` is a constant of each instance, and what it excludes is not compiled. The helpers must stay this small:
        // with more temporaries than the compiler tracks, every sum goes through memory and the tile takes 2.3 times as long.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Tile<TRows>(in Strip strip) where TRows : struct, IRows
        {
            TFloat a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
            TFloat b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default, b6 = default, b7 = default;
            TFloat c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default;
            int rows = TRows.Count, chunk = ChunkBytes;
            nint lane = TSimd.Count == Simd.Lanes ? 0 : strip.Lane * sizeof(float);
            byte* w0 = strip.Weights0 + lane, w1 = strip.Weights1 + lane, w2 = strip.Weights2 + lane, tails = strip.Tails, next = strip.Next;
            nint k = 0, end = strip.Bytes, nextStep = strip.NextStep;
            float* x = (float*)((byte*)strip.Panel + lane);
            while (true)
            {
                for (; k < end; k += chunk, next += OutputTile * nextStep)
                {
                    Fetch(w0 + k, w1 + k, w2 + k, next, nextStep, chunk, TSimd.Count == Simd.Lanes || lane == 0);
                    TFormat.LoadPair<TSimd, TFloat, TInt>(w0 + k, out TFloat u0, out TFloat v0);
                    TFormat.LoadPair<TSimd, TFloat, TInt>(w1 + k, out TFloat u1, out TFloat v1);
                    TFormat.LoadPair<TSimd, TFloat, TInt>(w2 + k, out TFloat u2, out TFloat v2);
                    Add(x, u0, u1, u2, ref a0, ref b0, ref c0);
                    if (rows > 1) Add(x + Simd.Lanes, u0, u1, u2, ref a1, ref b1, ref c1);
                    if (rows > 2) Add(x + 2 * Simd.Lanes, u0, u1, u2, ref a2, ref b2, ref c2);
                    if (rows > 3) Add(x + 3 * Simd.Lanes, u0, u1, u2, ref a3, ref b3, ref c3);
                    if (rows > 4) Add(x + 4 * Simd.Lanes, u0, u1, u2, ref a4, ref b4, ref c4);
                    if (rows > 5) Add(x + 5 * Simd.Lanes, u0, u1, u2, ref a5, ref b5, ref c5);
                    if (rows > 6) Add(x + 6 * Simd.Lanes, u0, u1, u2, ref a6, ref b6, ref c6);
                    if (rows > 7) Add(x + 7 * Simd.Lanes, u0, u1, u2, ref a7, ref b7, ref c7);
                    x += rows * Simd.Lanes;
                    Add(x, v0, v1, v2, ref a0, ref b0, ref c0);
                    if (rows > 1) Add(x + Simd.Lanes, v0, v1, v2, ref a1, ref b1, ref c1);
                    if (rows > 2) Add(x + 2 * Simd.Lanes, v0, v1, v2, ref a2, ref b2, ref c2);
                    if (rows > 3) Add(x + 3 * Simd.Lanes, v0, v1, v2, ref a3, ref b3, ref c3);
                    if (rows > 4) Add(x + 4 * Simd.Lanes, v0, v1, v2, ref a4, ref b4, ref c4);
                    if (rows > 5) Add(x + 5 * Simd.Lanes, v0, v1, v2, ref a5, ref b5, ref c5);
                    if (rows > 6) Add(x + 6 * Simd.Lanes, v0, v1, v2, ref a6, ref b6, ref c6);
                    if (rows > 7) Add(x + 7 * Simd.Lanes, v0, v1, v2, ref a7, ref b7, ref c7);
                    x += rows * Simd.Lanes;
                }
                if (tails == null) break;
                w0 = tails + lane;
                w1 = w0 + chunk;
                w2 = w1 + chunk;
                tails = null;
                (k, end) = (0, chunk);
            }
            Put(in strip, 0, strip.Lane, a0, b0, c0);
            if (rows > 1) Put(in strip, 1, strip.Lane, a1, b1, c1);
            if (rows > 2) Put(in strip, 2, strip.Lane, a2, b2, c2);
            if (rows > 3) Put(in strip, 3, strip.Lane, a3, b3, c3);
            if (rows > 4) Put(in strip, 4, strip.Lane, a4, b4, c4);
            if (rows > 5) Put(in strip, 5, strip.Lane, a5, b5, c5);
            if (rows > 6) Put(in strip, 6, strip.Lane, a6, b6, c6);
            if (rows > 7) Put(in strip, 7, strip.Lane, a7, b7, c7);
        }

        // All lanes of one or two rows of x, in two vectors: twice as many sums are under way as in two passes, and bf16 with AVX2
        // takes 0.7 of the time for one row. Weights are read one vector at a time, so that 12 sums, two vectors of x and one of
        // weights fit into 16 registers.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void BothHalves<TRows>(in Strip strip) where TRows : struct, IRows
        {
            TFloat a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
            TFloat c0 = default, c1 = default, c2 = default, c3 = default;
            int rows = TRows.Count, chunk = ChunkBytes, half = TSimd.Count * sizeof(float);
            byte* w0 = strip.Weights0, w1 = strip.Weights1, w2 = strip.Weights2, tails = strip.Tails, next = strip.Next;
            nint k = 0, end = strip.Bytes, nextStep = strip.NextStep;
            float* x = strip.Panel;
            while (true)
            {
                for (; k < end; k += chunk, next += OutputTile * nextStep)
                {
                    Fetch(w0 + k, w1 + k, w2 + k, next, nextStep, chunk, firstPass: true);
                    AddPart<TRows>(w0 + k, w1 + k, w2 + k, x, false, ref a0, ref b0, ref c0, ref a1, ref b1, ref c1);
                    AddPart<TRows>(w0 + k + half, w1 + k + half, w2 + k + half, x + TSimd.Count, false, ref a2, ref b2, ref c2, ref a3, ref b3, ref c3);
                    x += rows * Simd.Lanes;
                    AddPart<TRows>(w0 + k, w1 + k, w2 + k, x, true, ref a0, ref b0, ref c0, ref a1, ref b1, ref c1);
                    AddPart<TRows>(w0 + k + half, w1 + k + half, w2 + k + half, x + TSimd.Count, true, ref a2, ref b2, ref c2, ref a3, ref b3, ref c3);
                    x += rows * Simd.Lanes;
                }
                if (tails == null) break;
                w0 = tails;
                w1 = tails + chunk;
                w2 = tails + 2 * chunk;
                tails = null;
                (k, end) = (0, chunk);
            }
            Put(in strip, 0, 0, a0, b0, c0);
            Put(in strip, 0, TSimd.Count, a2, b2, c2);
            if (rows > 1) Put(in strip, 1, 0, a1, b1, c1);
            if (rows > 1) Put(in strip, 1, TSimd.Count, a3, b3, c3);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void AddPart<TRows>(
            byte* from0, byte* from1, byte* from2, float* from, bool second,
            ref TFloat a0, ref TFloat b0, ref TFloat c0, ref TFloat a1, ref TFloat b1, ref TFloat c1) where TRows : struct, IRows
        {
            TFloat x0 = TSimd.Load(from), x1 = TRows.Count > 1 ? TSimd.Load(from + Simd.Lanes) : default;
            TFloat w0 = second ? TFormat.LoadSecond<TSimd, TFloat, TInt>(from0) : TFormat.LoadFirst<TSimd, TFloat, TInt>(from0);
            a0 = TSimd.MultiplyAdd(x0, w0, a0);
            if (TRows.Count > 1) a1 = TSimd.MultiplyAdd(x1, w0, a1);
            TFloat w1 = second ? TFormat.LoadSecond<TSimd, TFloat, TInt>(from1) : TFormat.LoadFirst<TSimd, TFloat, TInt>(from1);
            b0 = TSimd.MultiplyAdd(x0, w1, b0);
            if (TRows.Count > 1) b1 = TSimd.MultiplyAdd(x1, w1, b1);
            TFloat w2 = second ? TFormat.LoadSecond<TSimd, TFloat, TInt>(from2) : TFormat.LoadFirst<TSimd, TFloat, TInt>(from2);
            c0 = TSimd.MultiplyAdd(x0, w2, c0);
            if (TRows.Count > 1) c1 = TSimd.MultiplyAdd(x1, w2, c1);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Add(float* from, TFloat w0, TFloat w1, TFloat w2, ref TFloat a, ref TFloat b, ref TFloat c)
        {
            TFloat x = TSimd.Load(from);
            a = TSimd.MultiplyAdd(x, w0, a);
            b = TSimd.MultiplyAdd(x, w1, b);
            c = TSimd.MultiplyAdd(x, w2, c);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Put(in Strip strip, int row, nint lane, TFloat a, TFloat b, TFloat c)
        {
            if (TSimd.Count == Simd.Lanes)
            {
                float* sums = strip.Sums + row * 4;
                (sums[0], sums[1], sums[2]) = (TSimd.Sum(a), TSimd.Sum(b), TSimd.Sum(c));
                return;
            }
            float* lanes = strip.LaneSums + row * 4 * Simd.Lanes + lane;
            TSimd.Store(a, lanes);
            TSimd.Store(b, lanes + Simd.Lanes);
            TSimd.Store(c, lanes + 2 * Simd.Lanes);
        }

        // Memory is read in one straight line into the second-level cache, a tile ahead, and from there row by row into the
        // first. Left to the processor, three rows at once reach two thirds of the bandwidth. A fetch never faults.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Fetch(byte* w0, byte* w1, byte* w2, byte* next, nint nextStep, nint chunk, bool firstPass)
        {
            if (!Sse.IsSupported) return;
            FetchLine(w0, w1, w2, next, nextStep, chunk, firstPass);
            if (chunk > 64) FetchLine(w0 + 64, w1 + 64, w2 + 64, next + 64, nextStep, chunk, firstPass);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void FetchLine(byte* w0, byte* w1, byte* w2, byte* next, nint nextStep, nint chunk, bool firstPass)
        {
            Sse.Prefetch1(next);
            Sse.Prefetch1(next + nextStep);
            Sse.Prefetch1(next + 2 * nextStep);
            if (!firstPass) return;
            Sse.Prefetch0(w0 + 8 * chunk);
            Sse.Prefetch0(w1 + 8 * chunk);
            Sse.Prefetch0(w2 + 8 * chunk);
        }
    }
}
