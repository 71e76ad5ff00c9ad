using System.Numerics.Tensors;
using ParScale.Kernels.Threads;

namespace ParScale.Kernels.Elementwise;

/// <summary>y = x / sqrt(mean(x^2) + eps) * weight, per row.</summary>
internal static unsafe partial class RmsNorm
{
    // Numbers below which a hand-over to another thread costs more than it saves.
    private const int SmallestShare = 8 * 1024;

    /// <summary>Normalises each row. x, y: [rows, H] with H the length of <paramref name="weight"/>; y may be x.</summary>
    /// <exception cref="ArgumentException">x or y is not a whole number of rows, or they differ in length.</exception>
    public static void Run(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> y, WorkerPool pool)
    {
        Check(x.Length, weight.Length, y.Length);
        ArgumentNullException.ThrowIfNull(pool);
        fixed (float* from = x, w = weight, to = y)
        {
            var job = new Job(from, null, w, weight.Length, epsilon, to);
            pool.Run(ref job, x.Length / weight.Length, Math.Max(1, SmallestShare / weight.Length));
        }
    }

    /// <summary>The end of one sub-layer and the start of the next: x = x + y, then y = norm(x). x, y: [rows, H], apart.</summary>
    /// <exception cref="ArgumentException">x or y is not a whole number of rows, or they differ in length.</exception>
    public static void AddAndRun(Span<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> y, WorkerPool pool)
    {
        Check(x.Length, weight.Length, y.Length);
        ArgumentNullException.ThrowIfNull(pool);
        fixed (float* sum = x, w = weight, to = y)
        {
            var job = new Job(sum, sum, w, weight.Length, epsilon, to);
            pool.Run(ref job, x.Length / weight.Length, Math.Max(1, SmallestShare / weight.Length));
        }
    }

    private static void Check(int x, int weight, int y)
    {
        if (weight == 0 || x % weight != 0 || x != y) throw new ArgumentException("x and y are not [rows, H]");
    }

    // sum: null, or x itself, to which y is added first.
    private readonly struct Job(float* x, float* sum, float* weight, int length, float epsilon, float* y) : IRangeJob
    {
        private readonly float* _x = x, _sum = sum, _weight = weight, _y = y;
        private readonly int _length = length;
        private readonly float _epsilon = epsilon;

        public void Run(int start, int end)
        {
            var weight = new ReadOnlySpan<float>(_weight, _length);
            for (int row = start; row < end; row++)
            {
                var x = new ReadOnlySpan<float>(_x + (long)row * _length, _length);
                var y = new Span<float>(_y + (long)row * _length, _length);
                if (_sum != null) TensorPrimitives.Add(x, y, new Span<float>(_sum + (long)row * _length, _length));
                float meanSquare = TensorPrimitives.SumOfSquares(x) / _length;
                TensorPrimitives.Multiply(x, 1 / MathF.Sqrt(meanSquare + _epsilon), y);
                TensorPrimitives.Multiply(y, weight, y);
            }
        }
    }
}
