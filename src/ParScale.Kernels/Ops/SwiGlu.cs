using System.Numerics;
using System.Runtime.CompilerServices;
using ParScale.Kernels.Threads;

namespace ParScale.Kernels.Ops;

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
        fixed (float* g = gate, u = up, output = y)
        {
            var job = new Job(g, u, output, gate.Length);
            pool.Run(ref job, (gate.Length + SmallestShare - 1) / SmallestShare, 1);
        }
    }

    /// <summary>silu alone, in place.</summary>
    public static void Silu(Span<float> x)
    {
        foreach (ref float value in x) value /= 1 + MathF.Exp(-value);
    }

    private readonly struct Job(float* gate, float* up, float* y, int count) : IRangeJob
    {
        private readonly float* _gate = gate, _up = up, _y = y;
        private readonly int _count = count;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int start, int end)
        {
            int i = start * SmallestShare, last = Math.Min(end * SmallestShare, _count);
            for (; i <= last - Vector<float>.Count; i += Vector<float>.Count)
                Vector.Store(Product(Vector.Load(_gate + i), Vector.Load(_up + i)), _y + i);
            if (i == last) return;
            // What is left goes through a whole vector too: a scalar exponential would round differently.
            float* g = stackalloc float[Vector<float>.Count], u = stackalloc float[Vector<float>.Count];
            for (int lane = 0; i + lane < last; lane++) (g[lane], u[lane]) = (_gate[i + lane], _up[i + lane]);
            Vector<float> product = Product(Vector.Load(g), Vector.Load(u));
            for (int lane = 0; i + lane < last; lane++) _y[i + lane] = product[lane];
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector<float> Product(Vector<float> x, Vector<float> up) => x / (Vector<float>.One + Vector.Exp(-x)) * up;
    }
}
