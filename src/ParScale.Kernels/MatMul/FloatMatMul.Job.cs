using System.Runtime.CompilerServices;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Threads;

namespace ParScale.Kernels.MatMul;

/// <content>The walk of the float kernels over rows and panels.</content>
internal static unsafe partial class FloatMatMul
{
    // Rows that several panels use one after another: few enough bytes to stay in the second-level cache beside a panel.
    private const int BlockBytes = 128 * 1024;

    // The longest chunk: two vectors of 16 values of 4 bytes.
    private const int MostChunkBytes = 128;

    /// <summary>What a tile works on. Rows: three rows of weights; Tails: their last chunks, zero-padded, or null.</summary>
    private struct Strip
    {
        public byte* Row0, Row1, Row2, Tails;

        // Bytes of a row in whole chunks.
        public nint Bytes;
        public float* Panel;

        // [8, 4]: the sums of a column stand side by side.
        public float* Sums;

        // Where the weights that come next are fetched from, and how far one fetch is from another.
        public byte* Next;
        public nint NextStep;
    }

    // Items are rows. The loops are compiled at full strength on their first call: a short generation would end before
    // tiering reached them.
    private readonly partial struct Job<TFormat, TLanes, TVector>(
        WeightMatrix weights, float* packed, long padded, int columns, float* bias, float* y) : IRangeJob
        where TFormat : struct, IWeightFormat
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        private static int Chunk => 2 * TLanes.Count * TFormat.BytesPerValue;

        private readonly byte* _weights = weights.Data;
        private readonly nint _rowBytes = (nint)weights.RowBytes;
        private readonly nint _wholeBytes = (nint)weights.RowBytes / Chunk * Chunk;
        private readonly int _rows = weights.Rows;
        private readonly float* _packed = packed;
        private readonly long _padded = padded;
        private readonly int _columns = columns;
        private readonly float* _bias = bias;
        private readonly float* _y = y;

        public void Run(int start, int end)
        {
            int panels = (_columns + ColumnTile - 1) / ColumnTile;
            if (panels == 1)
            {
                Block(start, end, 0, _weights + (start + RowTile) * _rowBytes, Chunk);
                return;
            }
            int block = (int)Math.Max(RowTile, BlockBytes / _rowBytes / RowTile * RowTile);
            for (int row = start; row < end; row += block)
            {
                // Every panel fetches its part of the next block: memory is never idle while the sums are busy.
                byte* next = _weights + (row + block) * _rowBytes;
                for (int panel = 0; panel < panels; panel++)
                    Block(row, Math.Min(end, row + block), panel * ColumnTile, next + block * _rowBytes / panels * panel, Chunk / panels);
            }
        }

        private void Block(int start, int end, int column, byte* next, nint nextStep)
        {
            switch (Math.Min(ColumnTile, _columns - column))
            {
                case 1: Block<Columns1>(start, end, column, next, nextStep); break;
                case 2: Block<Columns2>(start, end, column, next, nextStep); break;
                case 3: Block<Columns3>(start, end, column, next, nextStep); break;
                case 4: Block<Columns4>(start, end, column, next, nextStep); break;
                case 5: Block<Columns5>(start, end, column, next, nextStep); break;
                case 6: Block<Columns6>(start, end, column, next, nextStep); break;
                case 7: Block<Columns7>(start, end, column, next, nextStep); break;
                default: Block<Columns8>(start, end, column, next, nextStep); break;
            }
        }

        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Block<TColumns>(int start, int end, int column, byte* next, nint nextStep) where TColumns : struct, IColumns
        {
            float* sums = stackalloc float[8 * 4];
            byte* tails = stackalloc byte[RowTile * MostChunkBytes];
            float* panel = _packed + column * _padded;
            var strip = new Strip { Bytes = _wholeBytes, Panel = panel, Sums = sums, Next = next, NextStep = nextStep };
            for (int row = start; row < end; row += RowTile)
            {
                // A tile that reaches beyond the last row does that row again.
                int row1 = Math.Min(row + 1, end - 1), row2 = Math.Min(row + 2, end - 1);
                strip.Row0 = _weights + row * _rowBytes;
                strip.Row1 = _weights + row1 * _rowBytes;
                strip.Row2 = _weights + row2 * _rowBytes;
                if (_wholeBytes < _rowBytes) CopyTails(ref strip, tails);
                Tile<TColumns>(in strip);
                strip.Next += _wholeBytes / Chunk * RowTile * nextStep;

                float bias0 = 0, bias1 = 0, bias2 = 0;
                if (_bias != null) (bias0, bias1, bias2) = (_bias[row], _bias[row1], _bias[row2]);
                float* y = _y + (long)column * _rows;
                for (int c = 0; c < TColumns.Count; c++, y += _rows)
                {
                    y[row] = sums[c * 4] + bias0;
                    y[row1] = sums[c * 4 + 1] + bias1;
                    y[row2] = sums[c * 4 + 2] + bias2;
                }
            }
        }

        private void CopyTails(ref Strip strip, byte* tails)
        {
            uint rest = (uint)(_rowBytes - _wholeBytes);
            Unsafe.InitBlockUnaligned(tails, 0, RowTile * MostChunkBytes);
            Unsafe.CopyBlockUnaligned(tails, strip.Row0 + _wholeBytes, rest);
            Unsafe.CopyBlockUnaligned(tails + Chunk, strip.Row1 + _wholeBytes, rest);
            Unsafe.CopyBlockUnaligned(tails + 2 * Chunk, strip.Row2 + _wholeBytes, rest);
            strip.Tails = tails;
        }
    }
}
