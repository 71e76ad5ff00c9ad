using System.Runtime.CompilerServices;
using ParScale.Kernels.Machine;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Elementwise;

/// <summary>x = c tanh(x / c).</summary>
internal static unsafe partial class SoftCap
{
    // Elements below which a hand-over to another thread costs more than it saves; a multiple of every vector width.
    private const int SmallestShare = 4096;

    /// <summary>In place, element by element. Bits do not depend on an element's place.</summary>
    public static void Run(Span<float> x, float cap, WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        fixed (float* values = x) Simd.Run(new Capped(values, x.Length, cap, pool));
    }

    private readonly struct Capped(float* x, int count, float cap, WorkerPool pool) : ISimdKernel
    {
        public void Run<TSimd, TFloat, TInt>() where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
        {
            var job = new Job<TSimd, TFloat, TInt>(x, count, cap);
            pool.Run(ref job, (count + SmallestShare - 1) / SmallestShare, 1);
        }
    }

    private readonly struct Job<TSimd, TFloat, TInt>(float* x, int count, float cap) : IRangeJob
        where TSimd : struct, ISimd<TFloat, TInt>
        where TFloat : struct
        where TInt : struct
    {
        private readonly float* _x = x;
        private readonly int _count = count;
        private readonly float _cap = cap;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int start, int end)
        {
            int i = start * SmallestShare, last = Math.Min(end * SmallestShare, _count);
            for (; i <= last - TSimd.Count; i += TSimd.Count) Of<TSimd, TFloat, TInt>(_x + i, _cap);
            if (i == last) return;
            // What is left goes through a whole vector too: a scalar division would round alike, but a fused multiplication would not.
            float* rest = stackalloc float[TSimd.Count];
            for (int lane = 0; lane < TSimd.Count; lane++) rest[lane] = i + lane < last ? _x[i + lane] : 0;
            Of<TSimd, TFloat, TInt>(rest, _cap);
            for (int lane = 0; i + lane < last; lane++) _x[i + lane] = rest[lane];
        }
    }

    /// <summary>One vector, in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Of<TSimd, TFloat, TInt>(float* x, float cap)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
    {
        TFloat limit = TSimd.Broadcast(cap);
        TSimd.Store(TSimd.Multiply(HyperbolicTangent.Of<TSimd, TFloat, TInt>(TSimd.Divide(TSimd.Load(x), limit)), limit), x);
    }
}
