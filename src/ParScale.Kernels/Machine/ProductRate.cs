using System.Diagnostics;
using ParScale.Kernels.Formats;
using ParScale.Kernels.MatMul;
using ParScale.Kernels.Memory;

namespace ParScale.Kernels.Machine;

/// <summary>
/// How many multiply-adds all threads together do in a second in the product kernel itself, for one type of weights and one number
/// of rows, when nothing waits for memory: a matrix so small that it stays in the first-level cache with its activations.
/// What <see cref="DotRate"/> says of the best instruction, this says of the mixture that the kernel needs.
/// </summary>
internal sealed unsafe class ProductRate : IDisposable
{
    /// <summary>Most rows measured. More run at the same rate: kernels take them in blocks.</summary>
    public const int MostRows = 64;

    // 24 KiB of 8-bit codes and 6 of activations; of floats one tile of the kernel, 9 KiB, and 24 KiB of packed activations: what a first-level
    // cache of 32 KiB holds. Shorter rows measured up to a sixth slower, by what a tile needs at its start and end. Where the kernel goes
    // from block to block it passes over a block in the second-level cache.
    private const int Columns = 768, FloatOutputs = 3, FloatBlockOutputs = 48;

    private const float Deviation = 0.02f;

    // Shares long enough that handing them out does not count, and several for each thread, so that all end together.
    private const double SecondsPerShare = 100e-6;
    private const int SharesPerThread = 16, MostTimes = 10_000;

    // A pool of the calling thread alone.
    private static readonly WorkerPool Alone = new(1);

    private readonly WeightMatrix _weights;
    private readonly QuantizedActivations _rounded = new();
    private readonly float[] _x;
    private readonly int _rows;
    private int _times, _sharesPerThread;

    /// <summary>Weights of a type and activations of 1 to <see cref="MostRows"/> rows, random.</summary>
    public ProductRate(WeightDtype type, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, MostRows);
        bool quantized = WeightFormats.IsQuantized(type);
        _rows = rows;
        int outputs = quantized ? QuantizedLayout.TileRows : FloatMatMul.UsesBlocks(rows) ? FloatBlockOutputs : FloatOutputs;
        _weights = WeightMatrix.Random(type, outputs, Columns, Deviation, seed: 1);
        _x = new float[rows * Columns];
        var random = new Random(1);
        for (int i = 0; i < _x.Length; i++) _x[i] = 2 * random.NextSingle() - 1;
        if (quantized) _rounded.Fill(_x, rows, type, Alone);
    }

    /// <summary>One run of a few milliseconds. Returns multiply-adds a second.</summary>
    public double Measure(WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        if (_times == 0) ChooseShares();
        int shares = pool.ThreadCount * _sharesPerThread;
        var job = new Job(this);
        // Wakes the threads and fills their caches.
        pool.Run(ref job, pool.ThreadCount, 1);
        long start = Stopwatch.GetTimestamp();
        pool.Run(ref job, shares, 1);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return (double)shares * _times * _rows * _weights.Rows * Columns / seconds;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rounded.Dispose();
        _weights.Dispose();
    }

    // As often as fills a share. Plain code, a hundred times slower, takes fewer shares instead.
    private void ChooseShares()
    {
        // Compiles or assembles the kernel.
        Multiply(1);
        double seconds = 0;
        for (_times = 1; _times < MostTimes; _times *= 2)
        {
            seconds = Seconds(_times);
            if (seconds >= SecondsPerShare / 2) break;
        }
        _sharesPerThread = (int)Math.Clamp(SharesPerThread * SecondsPerShare / seconds, 1, SharesPerThread);
    }

    // The fastest of three: one that the system interrupted would choose too few.
    private double Seconds(int times)
    {
        double fastest = double.PositiveInfinity;
        for (int i = 0; i < 3; i++)
        {
            long start = Stopwatch.GetTimestamp();
            Multiply(times);
            fastest = Math.Min(fastest, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return fastest;
    }

    private void Multiply(int times)
    {
        // Each thread writes to memory of its own.
        float* y = stackalloc float[_rows * _weights.Rows];
        if (WeightFormats.IsQuantized(_weights.Type))
        {
            for (int i = 0; i < times; i++) QuantizedMatMul.Run(_weights, _rounded, null, y, Alone);
            return;
        }
        fixed (float* x = _x) FloatMatMul.Repeat(_weights, x, _rows, y, times);
    }

    private readonly struct Job(ProductRate rate) : IRangeJob
    {
        public void Run(int start, int end)
        {
            for (int share = start; share < end; share++) rate.Multiply(rate._times);
        }
    }
}
