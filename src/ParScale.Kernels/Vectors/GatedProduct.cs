using System.Runtime.CompilerServices;
using ParScale.Kernels.Machine;

namespace ParScale.Kernels.Vectors;

/// <summary>A gate x / (1 + 2^(factor curve(x))), which SiLU and the tanh form of GELU both are.</summary>
internal interface IGate
{
    /// <summary>Below it a gate is nothing beside anything else, and the power of two would leave the range.</summary>
    static abstract float Least { get; }

    static abstract float Factor { get; }

    static abstract TFloat Curve<TSimd, TFloat, TInt>(TFloat x) where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct;
}

/// <summary>y = gate(x) * up.</summary>
internal static unsafe class GatedProduct
{
    // Elements below which a hand-over to another thread costs more than it saves; a multiple of every vector width.
    private const int SmallestShare = 4096;

    /// <summary>Element by element; all spans of one length. y may be gate or up. Bits do not depend on an element's place.</summary>
    public static void Run<TGate>(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y, WorkerPool pool) where TGate : struct, IGate
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(up.Length, gate.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(y.Length, gate.Length);
        ArgumentNullException.ThrowIfNull(pool);
        fixed (float* g = gate, u = up, output = y) Simd.Run(new Product<TGate>(g, u, output, gate.Length, pool));
    }

    private readonly struct Product<TGate>(float* gate, float* up, float* y, int count, WorkerPool pool) : ISimdKernel where TGate : struct, IGate
    {
        public void Run<TSimd, TFloat, TInt>() where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
        {
            var job = new Job<TGate, TSimd, TFloat, TInt>(gate, up, y, count);
            pool.Run(ref job, (count + SmallestShare - 1) / SmallestShare, 1);
        }
    }

    private readonly struct Job<TGate, TSimd, TFloat, TInt>(float* gate, float* up, float* y, int count) : IRangeJob
        where TGate : struct, IGate
        where TSimd : struct, ISimd<TFloat, TInt>
        where TFloat : struct
        where TInt : struct
    {
        private readonly float* _gate = gate, _up = up, _y = y;
        private readonly int _count = count;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int start, int end)
        {
            int i = start * SmallestShare, last = Math.Min(end * SmallestShare, _count);
            TFloat factor = TSimd.Broadcast(TGate.Factor);
            for (; i <= last - TSimd.Count; i += TSimd.Count)
                TSimd.Store(One(TSimd.Load(_gate + i), TSimd.Load(_up + i), factor), _y + i);
            if (i == last) return;
            // What is left goes through a whole vector too: a scalar exponential would round differently.
            float* g = stackalloc float[TSimd.Count], u = stackalloc float[TSimd.Count];
            for (int lane = 0; i + lane < last; lane++) (g[lane], u[lane]) = (_gate[i + lane], _up[i + lane]);
            TSimd.Store(One(TSimd.Load(g), TSimd.Load(u), factor), g);
            for (int lane = 0; i + lane < last; lane++) _y[i + lane] = g[lane];
        }

        // A NaN stays.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static TFloat One(TFloat x, TFloat up, TFloat factor)
        {
            x = TSimd.Max(TSimd.Broadcast(TGate.Least), x);
            TFloat exponential = Exponent.Two<TSimd, TFloat, TInt>(TSimd.Multiply(TGate.Curve<TSimd, TFloat, TInt>(x), factor));
            return TSimd.Multiply(TSimd.Divide(x, TSimd.Add(TSimd.Broadcast(1), exponential)), up);
        }
    }
}
