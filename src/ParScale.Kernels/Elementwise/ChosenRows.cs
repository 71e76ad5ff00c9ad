using System.Numerics.Tensors;
using ParScale.Kernels.Machine;

namespace ParScale.Kernels.Elementwise;

/// <summary>Some rows of a matrix, chosen by their numbers, brought together and added back. A row's bits do not depend on the others.</summary>
internal static unsafe partial class ChosenRows
{
    // Fewer values than this are copied faster by the caller than by handing them over.
    private const int SmallestShare = 16 * 1024;

    /// <summary>y[i] = x[rows[i]]. x: [R, K]; y: [rows, K], not part of x.</summary>
    public static void Gather(ReadOnlySpan<float> x, int width, ReadOnlySpan<int> rows, Span<float> y, WorkerPool pool)
    {
        Check(x.Length, width, rows, y.Length);
        fixed (float* from = x, to = y)
        fixed (int* numbers = rows)
        {
            var job = new GatherJob(from, to, numbers, width);
            pool.Run(ref job, rows.Length, Math.Max(1, SmallestShare / width));
        }
    }

    /// <summary>y[rows[i]] += scales[i] * x[i], no row twice. x: [rows, K]; y: [R, K].</summary>
    public static void AddScaled(ReadOnlySpan<float> x, int width, ReadOnlySpan<int> rows, ReadOnlySpan<float> scales, Span<float> y, WorkerPool pool)
    {
        Check(y.Length, width, rows, x.Length);
        if (scales.Length != rows.Length) throw new ArgumentException("there is not a scale for each row", nameof(scales));
        fixed (float* from = x, to = y, factors = scales)
        fixed (int* numbers = rows)
        {
            var job = new AddJob(from, to, numbers, factors, width);
            pool.Run(ref job, rows.Length, Math.Max(1, SmallestShare / width));
        }
    }

    private static void Check(int all, int width, ReadOnlySpan<int> rows, int chosen)
    {
        if (chosen != (long)rows.Length * width) throw new ArgumentException("the chosen rows are not [rows, K]", nameof(chosen));
        if (rows.ContainsAnyExceptInRange(0, all / width - 1)) throw new ArgumentException("a row is not one of the matrix", nameof(rows));
    }

    private readonly struct GatherJob(float* from, float* to, int* rows, int width) : IRangeJob
    {
        public void Run(int start, int end)
        {
            for (int i = start; i < end; i++) new ReadOnlySpan<float>(from + (long)rows[i] * width, width).CopyTo(new Span<float>(to + (long)i * width, width));
        }
    }

    private readonly struct AddJob(float* from, float* to, int* rows, float* scales, int width) : IRangeJob
    {
        public void Run(int start, int end)
        {
            for (int i = start; i < end; i++)
            {
                var row = new Span<float>(to + (long)rows[i] * width, width);
                TensorPrimitives.MultiplyAdd(new ReadOnlySpan<float>(from + (long)i * width, width), scales[i], row, row);
            }
        }
    }
}
