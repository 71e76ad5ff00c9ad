using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ParScale.Kernels.MatMul.Assembly;
using ParScale.Kernels.MatMul.Tiers;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.MatMul;

/// <content>
/// The walk of generated code: a block of outputs goes along k in parts, so that a part of a panel stays in the first-level cache for all
/// outputs of the block. The sums wait in memory from part to part.
/// </content>
internal static unsafe partial class FloatMatMul
{
    public static int PartValues = 768;
    public static int GenBlockBytes = 128 * 1024;
    public static bool Use = true;
    private const int MostTiles = 16;

    private readonly partial struct Job<TFormat, TSimd, TFloat, TInt>
    {
        private static bool Generated => Use && TSimd.Count == Vector256<float>.Count && FloatCode.IsSupported;

        private void RunGenerated(int start, int end)
        {
            int panels = (_rows + RowTile - 1) / RowTile;
            int block = (int)Math.Clamp(GenBlockBytes / _rowBytes / OutputTile, 1, MostTiles) * OutputTile;
            for (int output = start; output < end; output += block)
            {
                byte* next = _weights + (output + block) * _rowBytes;
                for (int panel = 0; panel < panels; panel++)
                {
                    byte* from = next + block * _rowBytes / panels * panel;
                    int last = Math.Min(end, output + block), row = panel * RowTile;
                    if (_rows - row < FloatCode.LeastRows) Block(output, last, row, from, ChunkBytes / panels);
                    else GeneratedBlock(output, last, row, Math.Min(RowTile, _rows - row), from, panels);
                }
            }
        }

        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void GeneratedBlock(int start, int end, int row, int rows, byte* next, int panels)
        {
            float* space = stackalloc float[MostTiles * OutputTile * 4 * Simd.Lanes + 4 * Simd.Lanes];
            float* sums = (float*)(((nint)space + 63) & -64);
            byte* tails = stackalloc byte[OutputTile * MostChunkBytes];
            int tiles = (end - start) / OutputTile, tileSums = rows * OutputTile * Simd.Lanes, rest = end - start - tiles * OutputTile;
            int all = tiles + (rest > 0 ? 1 : 0);
            // Two passes of each panel over each chunk fetch a chunk of three rows.
            int lines = ChunkBytes * OutputTile / 64, fetches = (lines + 2 * panels - 1) / (2 * panels);
            var args = new FloatTileArgs { TileBytes = OutputTile * _rowBytes, Fetch = next, FetchStep = ChunkBytes * OutputTile / (2 * panels * fetches) };
            var code = (delegate* unmanaged[Cdecl]<FloatTileArgs*, void>)FloatCode.For(TFormat.BytesPerValue == 2, rows, fetches);
            nint parts = (_wholeBytes + PartValues * TFormat.BytesPerValue - 1) / (PartValues * TFormat.BytesPerValue);
            nint partBytes = parts == 0 ? 0 : (_wholeBytes / ChunkBytes + parts - 1) / parts * ChunkBytes;
            args.X = _packed + row * _padded;
            for (nint at = 0; at < _wholeBytes; at += partBytes)
            {
                args.Bytes = Math.Min(partBytes, _wholeBytes - at);
                byte* first = _weights + start * _rowBytes + at;
                args.Sums = sums;
                args.Carried = at;
                args.LastNear = args.Bytes - (all - 1) * OutputTile * _rowBytes;
                if (tiles > 0)
                {
                    SetRows(ref args, first, first + _rowBytes, first + 2 * _rowBytes);
                    args.Tiles = tiles;
                    code(&args);
                    args.Fetch += args.FetchStep * fetches * 2 * tiles * (args.Bytes / ChunkBytes);
                }
                if (rest > 0)
                {
                    first += tiles * OutputTile * _rowBytes;
                    byte* second = first + (rest - 1) * _rowBytes;
                    SetRows(ref args, first, second, second);
                    args.Tiles = 1;
                    args.Sums += tiles * tileSums;
                    code(&args);
                }
                args.X += args.Bytes / TFormat.BytesPerValue * rows;
            }
            if (_wholeBytes < _rowBytes)
            {
                args.Carried = _wholeBytes;
                args.Bytes = ChunkBytes;
                args.Tiles = 1;
                SetRows(ref args, tails, tails + ChunkBytes, tails + 2 * ChunkBytes);
                for (int tile = 0; tile < all; tile++)
                {
                    Strip strip = At(start + tile * OutputTile, end);
                    CopyTails(ref strip, tails);
                    args.Sums = sums + tile * tileSums;
                    code(&args);
                }
            }
            for (int tile = 0; tile < all; tile++)
            {
                int output = start + tile * OutputTile;
                Finish(sums + tile * tileSums, output, Math.Min(OutputTile, end - output), row, rows);
            }
        }

        // Sums of lanes: [rows, 3, 16].
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Finish(float* lanes, int output, int count, int row, int rows)
        {
            float* sums = stackalloc float[4 * OutputTile];
            for (int i = 0; i < OutputTile; i++) Simd.SumFourLanes(lanes + i * 4 * Simd.Lanes, sums + i * 4);
            float* y = _y + (long)row * _outputs + output;
            float bias0 = 0, bias1 = 0, bias2 = 0;
            if (_bias != null)
            {
                bias0 = _bias[output];
                if (count > 1) bias1 = _bias[output + 1];
                if (count > 2) bias2 = _bias[output + 2];
            }
            for (int r = 0; r < rows; r++, y += _outputs, sums += OutputTile)
            {
                y[0] = sums[0] + bias0;
                if (count > 1) y[1] = sums[1] + bias1;
                if (count > 2) y[2] = sums[2] + bias2;
            }
        }

        private static void SetRows(ref FloatTileArgs args, byte* row0, byte* row1, byte* row2)
        {
            args.Weights0 = row0;
            args.Weights1 = row1;
            args.Weights2 = row2;
        }

        private Strip At(int output, int end) => new()
        {
            Bytes = _wholeBytes,
            Weights0 = _weights + output * _rowBytes,
            Weights1 = _weights + Math.Min(output + 1, end - 1) * _rowBytes,
            Weights2 = _weights + Math.Min(output + 2, end - 1) * _rowBytes,
        };
    }
}
