using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using ParScale.Kernels.Machine;
using ParScale.Kernels.Vectors;

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
            Simd.Run(new Rows(from, null, w, x.Length, weight.Length, epsilon, to, pool));
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
            Simd.Run(new Rows(sum, sum, w, x.Length, weight.Length, epsilon, to, pool));
        }
    }

    private static void Check(int x, int weight, int y)
    {
        if (weight == 0 || x % weight != 0 || x != y) throw new ArgumentException("x and y are not [rows, H]");
    }

    // sum: null, or x itself, to which y is added first.
    private readonly struct Rows(float* x, float* sum, float* weight, int count, int length, float epsilon, float* y, WorkerPool pool) : ISimdKernel
    {
        public void Run<TSimd, TFloat, TInt>() where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
        {
            var job = new Job<TSimd, TFloat, TInt>(x, sum, weight, length, epsilon, y);
            pool.Run(ref job, count / length, Math.Max(1, SmallestShare / length));
        }
    }

    private readonly struct Job<TSimd, TFloat, TInt>(float* x, float* sum, float* weight, int length, float epsilon, float* y) : IRangeJob
        where TSimd : struct, ISimd<TFloat, TInt>
        where TFloat : struct
        where TInt : struct
    {
        private readonly float* _x = x, _sum = sum, _weight = weight, _y = y;
        private readonly int _length = length;
        private readonly float _epsilon = epsilon;

        public void Run(int start, int end)
        {
            var weight = new ReadOnlySpan<float>(_weight, _length);
            for (int row = start; row < end; row++)
            {
                float* from = _x + (long)row * _length;
                var x = new ReadOnlySpan<float>(from, _length);
                var y = new Span<float>(_y + (long)row * _length, _length);
                if (_sum != null) TensorPrimitives.Add(x, y, new Span<float>(_sum + (long)row * _length, _length));
                float meanSquare = SumOfSquares<TSimd, TFloat, TInt>(from, _length) / _length;
                TensorPrimitives.Multiply(x, 1 / MathF.Sqrt(meanSquare + _epsilon), y);
                TensorPrimitives.Multiply(y, weight, y);
            }
        }
    }

    // The library's sum begins at an aligned address, so that its order, and with it the last bit, would follow from where a row
    // happens to lie. Here number i always goes to lane i % 16, in every width of vectors.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float SumOfSquares<TSimd, TFloat, TInt>(float* x, int length)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
    {
        float* lanes = stackalloc float[Simd.Lanes], rest = stackalloc float[Simd.Lanes];
        int whole = length / Simd.Lanes * Simd.Lanes;
        for (int i = 0; i < Simd.Lanes; i++) rest[i] = whole + i < length ? x[whole + i] : 0;
        for (int lane = 0; lane < Simd.Lanes; lane += TSimd.Count)
        {
            TFloat last = TSimd.Load(rest + lane), sum = TSimd.Multiply(last, last);
            for (int i = lane; i < whole; i += Simd.Lanes)
            {
                TFloat value = TSimd.Load(x + i);
                sum = TSimd.MultiplyAdd(value, value, sum);
            }
            TSimd.Store(sum, lanes + lane);
        }
        return Simd.SumLanes(lanes);
    }
}
