using System.Runtime.CompilerServices;
using ParScale.Kernels.Machine;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Elementwise;

/// <summary>y = silu(gate) * up with silu(x) = x / (1 + exp(-x)).</summary>
internal static unsafe partial class SwiGlu
{
    // Elements below which a hand-over to another thread costs more than it saves; a multiple of every vector width.
    private const int SmallestShare = 4096;

    /// <summary>Element by element; all spans of one length. y may be gate or up. Bits do not depend on an element's place.</summary>
    public static void Run(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y, WorkerPool pool)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(up.Length, gate.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(y.Length, gate.Length);
        ArgumentNullException.ThrowIfNull(pool);
        fixed (float* g = gate, u = up, output = y) Simd.Run(new Product(g, u, output, gate.Length, pool));
    }

    private readonly struct Product(float* gate, float* up, float* y, int count, WorkerPool pool) : ISimdKernel
    {
        public void Run<TSimd, TFloat, TInt>() where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
        {
            var job = new Job<TSimd, TFloat, TInt>(gate, up, y, count);
            pool.Run(ref job, (count + SmallestShare - 1) / SmallestShare, 1);
        }
    }

    /// <summary>silu alone, in place.</summary>
    public static void Silu(Span<float> x)
    {
        foreach (ref float value in x) value /= 1 + MathF.Exp(-value);
    }

    private readonly struct Job<TSimd, TFloat, TInt>(float* gate, float* up, float* y, int count) : IRangeJob
        where TSimd : struct, ISimd<TFloat, TInt>
        where TFloat : struct
        where TInt : struct
    {
        private static readonly float MinusLogTwoE = -MathF.Log2(MathF.E);
        private readonly float* _gate = gate, _up = up, _y = y;
        private readonly int _count = count;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int start, int end)
        {
            int i = start * SmallestShare, last = Math.Min(end * SmallestShare, _count);
            TFloat factor = TSimd.Broadcast(MinusLogTwoE);
            for (; i <= last - TSimd.Count; i += TSimd.Count)
                TSimd.Store(One(TSimd.Load(_gate + i), TSimd.Load(_up + i), factor), _y + i);
            if (i == last) return;
            // What is left goes through a whole vector too: a scalar exponential would round differently.
            float* g = stackalloc float[TSimd.Count], u = stackalloc float[TSimd.Count];
            for (int lane = 0; i + lane < last; lane++) (g[lane], u[lane]) = (_gate[i + lane], _up[i + lane]);
            TSimd.Store(One(TSimd.Load(g), TSimd.Load(u), factor), g);
            for (int lane = 0; i + lane < last; lane++) _y[i + lane] = g[lane];
        }

        // e^-x as 2^(-x log2 e). Below -87 silu is nothing beside anything else, and e^-x would leave the range. A NaN stays.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static TFloat One(TFloat x, TFloat up, TFloat factor)
        {
            x = TSimd.Max(TSimd.Broadcast(-87), x);
            TFloat exponential = Exponent.Two<TSimd, TFloat, TInt>(TSimd.Multiply(x, factor));
            return TSimd.Multiply(TSimd.Divide(x, TSimd.Add(TSimd.Broadcast(1), exponential)), up);
        }
    }
}
