using ParScale.Kernels.Formats;
using ParScale.Kernels.MatMul.Tiers;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Threads;

namespace ParScale.Kernels.MatMul;

// Weights of levels and scales: tiles of 32 rows times blocks of up to eight columns.
internal static unsafe partial class QuantizedMatMul
{
    private const int TileRows = GroupLayout.TileRows;

    // How far ahead of its use a cache line of weights is asked for: none costs P = 8 a tenth, 1 to 8 KB measured alike.
    private const int PrefetchAhead = 4096;

    // Bytes of levels that a kernel uses in one step.
    private const int StepBytes = 128;

    // Bytes of weights below which a hand-over to another thread costs more than it saves.
    private const int SmallestShare = 32 * 1024;

    public static void Run(WeightMatrix weights, QuantizedColumns x, float* bias, float* y, WorkerPool pool)
    {
        var job = new Job(weights, x, bias, y);
        pool.Run(ref job, job.Tiles, Grain(weights, x));
    }

    public static void Run(ReadOnlySpan<Linear.Product> products, QuantizedColumns x, WorkerPool pool)
    {
        Linear.Product a = products[0], b = products[1], c = products.Length > 2 ? products[2] : b;
        fixed (float* biasA = a.Bias, biasB = b.Bias, biasC = c.Bias, yA = a.Y, yB = b.Y, yC = c.Y)
        {
            var job = new JoinedJob(
                new Job(a.Weights, x, biasA, yA), new Job(b.Weights, x, biasB, yB), new Job(c.Weights, x, biasC, yC));
            int tiles = products.Length > 2 ? job.Tiles : GroupLayout.Tiles(a.Weights.Rows) + GroupLayout.Tiles(b.Weights.Rows);
            pool.Run(ref job, tiles, Grain(a.Weights, x));
        }
    }

    private static int Grain(WeightMatrix weights, QuantizedColumns x)
    {
        long work = GroupLayout.TileBytes(weights.Type, weights.Columns) * Math.Max(1, x.Columns / QuantizedColumns.BlockColumns);
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

    private readonly struct Job(WeightMatrix weights, QuantizedColumns x, float* bias, float* y) : IRangeJob
    {
        public int Tiles => GroupLayout.Tiles(weights.Rows);

        public void Run(int start, int end)
        {
            // With several blocks of columns a tile stays in the cache while all blocks pass.
            int step = x.Columns <= QuantizedColumns.BlockColumns ? end - start : 1;
            for (int tile = start; tile < end; tile += step)
                for (int column = 0; column < x.Columns; column += QuantizedColumns.BlockColumns)
                    Block(tile, step, column);
        }

        // Full tiles go straight to the output; the last tile of a matrix that is no multiple of 32 rows is put aside first.
        private void Block(int tile, int tiles, int column)
        {
            int columns = x.BlockSize(column), first = tile * TileRows, rows = Math.Min(tiles * TileRows, weights.Rows - first);
            float* output = y + (long)column * weights.Rows + first;
            int whole = rows / TileRows, left = rows % TileRows;
            if (whole > 0) Multiply(tile, whole, column, columns, output, weights.Rows);
            if (left > 0)
            {
                float* aside = stackalloc float[QuantizedColumns.BlockColumns * TileRows];
                Multiply(tile + whole, 1, column, columns, aside, TileRows);
                for (int c = 0; c < columns; c++)
                    for (int row = 0; row < left; row++) output[(long)c * weights.Rows + whole * TileRows + row] = aside[c * TileRows + row];
            }
            if (bias == null) return;
            for (int c = 0; c < columns; c++)
                for (int row = 0; row < rows; row++) output[(long)c * weights.Rows + row] += bias[first + row];
        }

        private void Multiply(int tile, int tiles, int column, int columns, float* output, int stride)
        {
            long tileBytes = GroupLayout.TileBytes(weights.Type, weights.Columns), scaleBytes = GroupLayout.TileScaleBytes(weights.Type, weights.Columns);
            var product = new GroupedProduct
            {
                Weights = weights.Data + tile * tileBytes,
                Scales = (ushort*)((byte*)weights.Scales + tile * scaleBytes),
                X = x.Levels(column),
                XGroups = x.Scales(column),
                Y = output,
                Groups = x.Groups,
                Tiles = tiles,
                WeightStride = (nint)tileBytes,
                ScaleStride = (nint)scaleBytes,
                YStride = (nint)stride * sizeof(float),
            };
            SetPrefetch(ref product, tileBytes, column);
            KernelTier.Current.Run(weights.Type, &product, columns);
        }

        // One block of columns reads memory as it goes. Of several, each asks for its part of the next tile, so that memory is
        // read at an even pace while the blocks share a tile in the cache.
        private void SetPrefetch(ref GroupedProduct product, long tileBytes, int column)
        {
            int blocks = (x.Columns + QuantizedColumns.BlockColumns - 1) / QuantizedColumns.BlockColumns;
            long ahead = blocks == 1 ? PrefetchAhead : tileBytes + tileBytes * (column / QuantizedColumns.BlockColumns) / blocks;
            product.Prefetch = product.Weights + ahead;
            product.PrefetchStep = (StepBytes + blocks - 1) / blocks;
        }
    }
}
