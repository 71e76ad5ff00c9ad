using System.Runtime.CompilerServices;
using ParScale.Kernels.MatMul.Assembly;
using ParScale.Kernels.MatMul.Tiers;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.MatMul;

/// <content>
/// Blocks of outputs by generated code. It goes along k in parts: a part of a panel stays in the first-level cache while the tiles of the
/// block pass, and their sums wait in memory for the next part. The order in which a lane adds is that of one straight walk.
/// </content>
internal static unsafe partial class FloatMatMul
{
    // What a part takes of the first-level cache: of the panel, and of the tile in use and the next one.
    private const int PartBytes = 21 * 1024;

    // Fewer tiles in a block fetch the parts of a panel too often; more would not leave room for their sums.
    private const int LeastTiles = 3, MostTiles = 16;

    private readonly partial struct Job<TFormat, TSimd, TFloat, TInt>
    {
        // Values of a part in a row.
        private static int PartValues =>
            PartBytes / (AssembledFloatTile.MostRows * sizeof(float) + 2 * OutputTile * TFormat.BytesPerValue) / Chunk * Chunk;

        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void GeneratedBlock(int start, int end, int row, byte* next, int panels)
        {
            // With three rows the last sums are added together with three that are not there; and a line to begin at.
            float* space = stackalloc float[(MostTiles * OutputTile * AssembledFloatTile.MostRows + 3 + 1) * Simd.Lanes];
            byte* tails = stackalloc byte[OutputTile * MostChunkBytes];
            int rows = Math.Min(AssembledFloatTile.MostRows, _rows - row), tileSums = rows * OutputTile * Simd.Lanes;
            int tiles = (end - start + OutputTile - 1) / OutputTile, whole = (end - start) / OutputTile;
            int lines = ChunkBytes * OutputTile / LineBytes, fetches = (lines + panels - 1) / panels;
            var code = AssembledFloatTile.Code(_type, rows, fetches);
            float* sums = (float*)(((nint)space + LineBytes - 1) & -LineBytes);
            var args = new FloatTileArgs
            {
                TileBytes = OutputTile * _rowBytes,
                X = _packed + row * _padded,
                Fetch = next,
                FetchStep = ChunkBytes * OutputTile / panels / fetches,
            };

            // Parts of about the same length.
            nint chunks = _wholeBytes / ChunkBytes, parts = (chunks * Chunk + PartValues - 1) / PartValues;
            for (nint part = 0; part < parts; part++)
            {
                nint at = chunks * part / parts * ChunkBytes;
                args.Bytes = chunks * (part + 1) / parts * ChunkBytes - at;
                args.Carried = at;
                args.LastNext = args.Bytes - (tiles - 1) * args.TileBytes;
                Point(ref args, start, end, at);
                args.Sums = sums;
                args.Tiles = whole;
                if (whole > 0) code(&args);
                Point(ref args, start + whole * OutputTile, end, at);
                args.Sums = sums + whole * tileSums;
                args.Tiles = 1;
                if (whole < tiles) code(&args);
                args.X += args.Bytes / TFormat.BytesPerValue * rows;
            }

            (args.Bytes, args.Carried, args.Tiles) = (ChunkBytes, _wholeBytes, 1);
            for (int tile = 0; tile < tiles; tile++)
            {
                int output = start + tile * OutputTile;
                args.Sums = sums + tile * tileSums;
                if (_wholeBytes < _rowBytes)
                {
                    Point(ref args, output, end, 0);
                    CopyTails(args.Weights0, args.Weights1, args.Weights2, tails);
                    args.Weights0 = tails;
                    args.Weights1 = tails + ChunkBytes;
                    args.Weights2 = tails + 2 * ChunkBytes;
                    code(&args);
                }
                PutTile(args.Sums, output, Math.Min(OutputTile, end - output), row, rows);
            }
        }

        // A tile that reaches beyond the last output does that output again.
        private void Point(ref FloatTileArgs args, int output, int end, nint at)
        {
            args.Weights0 = _weights + output * _rowBytes + at;
            args.Weights1 = _weights + Math.Min(output + 1, end - 1) * _rowBytes + at;
            args.Weights2 = _weights + Math.Min(output + 2, end - 1) * _rowBytes + at;
        }

        // lanes: [rows, 3, 16].
        private void PutTile(float* lanes, int output, int outputs, int row, int rows)
        {
            float* sums = stackalloc float[OutputTile * AssembledFloatTile.MostRows];
            for (int i = 0; i < OutputTile; i++) Simd.SumLanesOfFour(lanes + i * 4 * Simd.Lanes, sums + i * 4);
            float* y = _y + (long)row * _outputs + output;
            for (int n = 0; n < outputs; n++)
            {
                float bias = _bias == null ? 0 : _bias[output + n];
                for (int r = 0; r < rows; r++) y[(long)r * _outputs + n] = sums[r * OutputTile + n] + bias;
            }
        }
    }
}
