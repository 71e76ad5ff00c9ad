using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.MatMul.Tiers;
using ParScale.Kernels.Memory;

namespace ParScale.Kernels.MatMul;

/// <summary>
/// Block-quantized weights: tiles of 32 rows of the weights times blocks of up to eight rows of x, rounded to 8 bits. Integer sums
/// within a group are exact; one float32 multiply-add per group follows, in the same order in every tier.
/// </summary>
internal static unsafe class QuantizedMatMul
{
    private const int TileRows = QuantizedLayout.TileRows;

    // How far ahead of its use a cache line of weights is asked for: none costs P = 8 a tenth, 1 to 8 KB measured alike.
    private const int PrefetchAhead = 4096;

    // Bytes of weights below which a hand-over to another thread costs more than it saves.
    private const int SmallestShare = 32 * 1024;

    /// <summary>One product. x: rounded for the type of the weights; bias: [N] or null; y: [R, N].</summary>
    public static void Run(WeightMatrix weights, QuantizedActivations x, float* bias, float* y, WorkerPool pool)
    {
        var job = new Job(weights, x, bias, y);
        pool.Run(ref job, job.Tiles, Grain(weights, x));
    }

    /// <summary>Two or three products with the same x and weights of one type, whose tiles the threads share as one job.</summary>
    public static void Run(ReadOnlySpan<Linear.Product> products, QuantizedActivations x, WorkerPool pool)
    {
        Linear.Product a = products[0], b = products[1], c = products.Length > 2 ? products[2] : b;
        fixed (float* biasA = a.Bias, biasB = b.Bias, biasC = c.Bias, yA = a.Y, yB = b.Y, yC = c.Y)
        {
            var job = new JoinedJob(
                new Job(a.Weights, x, biasA, yA), new Job(b.Weights, x, biasB, yB), new Job(c.Weights, x, biasC, yC));
            int tiles = products.Length > 2 ? job.Tiles : QuantizedLayout.Tiles(a.Weights.Rows) + QuantizedLayout.Tiles(b.Weights.Rows);
            pool.Run(ref job, tiles, Grain(a.Weights, x));
        }
    }

    private static int Grain(WeightMatrix weights, QuantizedActivations x)
    {
        long work = QuantizedLayout.TileBytes(weights.Type, weights.Columns) * Math.Max(1, x.Rows / QuantizedActivations.BlockRows);
        return (int)Math.Max(1, SmallestShare / work);
    }

    // Items are the tiles of the first, then of the second, then of the third.
    private readonly struct JoinedJob(Job a, Job b, Job c) : IRangeJob
    {
        public int Tiles => a.Tiles + b.Tiles + c.Tiles;

        public void Run(int start, int end)
        {
            RunPart(a, start, end);
            RunPart(b, start - a.Tiles, end - a.Tiles);
            RunPart(c, start - a.Tiles - b.Tiles, end - a.Tiles - b.Tiles);
        }

        private static void RunPart(in Job job, int start, int end)
        {
            (start, end) = (Math.Max(start, 0), Math.Min(end, job.Tiles));
            if (start < end) job.Run(start, end);
        }
    }

    private readonly struct Job(WeightMatrix weights, QuantizedActivations x, float* bias, float* y) : IRangeJob
    {
        private readonly long _tileBytes = QuantizedLayout.TileBytes(weights.Type, weights.Columns);
        private readonly long _scaleBytes = QuantizedLayout.TileScaleBytes(weights.Type, weights.Columns);

        public int Tiles => QuantizedLayout.Tiles(weights.Rows);

        public void Run(int start, int end)
        {
            // With several blocks of rows a tile stays in the cache while all blocks pass.
            int step = x.Rows <= QuantizedActivations.BlockRows ? end - start : 1;
            for (int tile = start; tile < end; tile += step)
                for (int row = 0; row < x.Rows; row += QuantizedActivations.BlockRows)
                    Block(tile, step, row);
        }

        // Full tiles go straight to y; the last tile of a matrix that is no multiple of 32 rows is put aside first.
        private void Block(int tile, int tiles, int row)
        {
            int rows = x.BlockSize(row), first = tile * TileRows, outputs = Math.Min(tiles * TileRows, weights.Rows - first);
            float* to = y + (long)row * weights.Rows + first;
            int whole = outputs / TileRows, left = outputs % TileRows;
            if (whole > 0) Multiply(tile, whole, row, rows, to, weights.Rows);
            if (left > 0)
            {
                float* aside = stackalloc float[QuantizedActivations.BlockRows * TileRows];
                Multiply(tile + whole, 1, row, rows, aside, TileRows);
                for (int r = 0; r < rows; r++)
                    for (int n = 0; n < left; n++) to[(long)r * weights.Rows + whole * TileRows + n] = aside[r * TileRows + n];
            }
            if (bias == null) return;
            for (int r = 0; r < rows; r++)
                for (int n = 0; n < outputs; n++) to[(long)r * weights.Rows + n] += bias[first + n];
        }

        private void Multiply(int tile, int tiles, int row, int rows, float* to, int stride)
        {
            var args = new QuantizedMatMulArgs
            {
                Weights = weights.Data + tile * _tileBytes,
                Scales = (ushort*)((byte*)weights.Scales + tile * _scaleBytes),
                X = x.Codes(row),
                XGroups = x.Scales(row),
                Y = to,
                Groups = x.Groups,
                Tiles = tiles,
                WeightStride = (nint)_tileBytes,
                ScaleStride = (nint)_scaleBytes,
                YStride = (nint)stride * sizeof(float),
            };
            SetPrefetch(ref args, row);
            x.Kernel.Run(weights.Type, &args, rows);
        }

        // One block of rows reads memory as it goes. Of several, each asks for its part of the next tile, so that memory is
        // read at an even pace while the blocks share a tile in the cache.
        private void SetPrefetch(ref QuantizedMatMulArgs args, int row)
        {
            int blocks = (x.Rows + QuantizedActivations.BlockRows - 1) / QuantizedActivations.BlockRows;
            long ahead = blocks == 1 ? PrefetchAhead : _tileBytes + _tileBytes * (row / QuantizedActivations.BlockRows) / blocks;
            args.Prefetch = args.Weights + ahead;
            args.PrefetchStep = (QuantizedLayout.StepBytes + blocks - 1) / blocks;
        }
    }
}
