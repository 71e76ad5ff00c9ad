using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Threads;
using ParScale.Kernels.Tiers;

namespace ParScale.Kernels.Ops;

// Weights of levels and scales: tiles of 32 rows times blocks of up to eight columns.
internal static unsafe partial class MatMul
{
    private const int TileRows = GroupLayout.TileRows;

    // Bytes of weights below which a hand-over to another thread costs more than it saves.
    private const int SmallestGroupedShare = 32 * 1024;

    private static void RunGrouped(WeightMatrix weights, QuantizedColumns x, float* bias, float* y, WorkerPool pool)
    {
        long work = GroupLayout.TileBytes(weights.Type, weights.Columns) * Math.Max(1, x.Columns / QuantizedColumns.BlockColumns);
        var job = new GroupedJob(weights, x, bias, y, KernelTier.Current);
        pool.Run(ref job, GroupLayout.Tiles(weights.Rows), (int)Math.Max(1, SmallestGroupedShare / work));
    }

    private readonly struct GroupedJob(WeightMatrix weights, QuantizedColumns x, float* bias, float* y, IGroupedKernel kernel) : IRangeJob
    {
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
            kernel.Run(weights.Type, &product, columns);
        }
    }
}
