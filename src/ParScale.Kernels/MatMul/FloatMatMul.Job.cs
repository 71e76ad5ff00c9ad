using System.Runtime.CompilerServices;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.MatMul.Tiers;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.MatMul;

/// <content>How the float kernels walk over the rows of the weights and the panels of x.</content>
internal static unsafe partial class FloatMatMul
{
    // Rows of weights that several panels use one after another: few enough bytes to stay in the second-level cache beside a panel.
    private const int BlockBytes = 128 * 1024;

    // The longest chunk: 32 values of 4 bytes.
    private const int MostChunkBytes = Chunk * sizeof(float);

    // Bytes of a cache line.
    private const int LineBytes = 64;

    /// <summary>What a tile works on. Weights: three rows of them, one for each output; Tails: their last chunks, zero-padded, or null.</summary>
    private struct Strip
    {
        public byte* Weights0, Weights1, Weights2, Tails;

        // Bytes of a row of weights in whole chunks.
        public nint Bytes;
        public float* Panel;

        // [8, 4]: the sums of a row of x stand side by side.
        public float* Sums;

        // The first lane that this pass adds up, and where it leaves its lanes when there are others: [8, 4, 16].
        public nint Lane;
        public float* LaneSums;

        // Where the weights that come next are fetched from, and how far one fetch is from another.
        public byte* Next;
        public nint NextStep;
    }

    // Items are outputs, the rows of the weights. The loops are compiled at full strength on their first call: a short generation would end before
    // tiering reached them.
    private readonly partial struct Job<TFormat, TSimd, TFloat, TInt>(
        WeightMatrix weights, float* packed, long padded, int rows, float* bias, float* y, bool generated) : IRangeJob
        where TFormat : struct, IFloatFormat
        where TSimd : struct, ISimd<TFloat, TInt>
        where TFloat : struct
        where TInt : struct
    {
        private static int ChunkBytes => Chunk * TFormat.BytesPerValue;

        private readonly WeightDtype _type = weights.Type;
        private readonly byte* _weights = weights.Data;
        private readonly nint _rowBytes = (nint)weights.RowBytes;
        private readonly nint _wholeBytes = (nint)weights.RowBytes / ChunkBytes * ChunkBytes;
        private readonly int _outputs = weights.Rows;
        private readonly float* _packed = packed;
        private readonly long _padded = padded;
        private readonly int _rows = rows;
        private readonly float* _bias = bias;
        private readonly float* _y = y;

        // Not worth two passes where all panels are short.
        private readonly bool _generated = generated && rows >= AssembledFloatTile.LeastRows;

        public void Run(int start, int end)
        {
            int tile = RowTile(TSimd.Count), panels = (_rows + tile - 1) / tile;
            if (panels == 1 && !_generated)
            {
                Block(start, end, 0, _weights + (start + OutputTile) * _rowBytes, ChunkBytes);
                return;
            }
            int block = (int)Math.Max(OutputTile, BlockBytes / _rowBytes / OutputTile * OutputTile);
            if (_generated) block = Math.Clamp(block, LeastTiles * OutputTile, MostTiles * OutputTile);
            for (int output = start; output < end; output += block)
            {
                // Every panel fetches its part of the next block: memory is never idle while the sums are busy.
                byte* next = _weights + (output + block) * _rowBytes;
                for (int panel = 0; panel < panels; panel++)
                {
                    int last = Math.Min(end, output + block), row = panel * tile;
                    byte* fetched = next + block * _rowBytes / panels * panel;
                    if (_generated && _rows - row >= AssembledFloatTile.LeastRows) GeneratedBlock(output, last, row, fetched, panels);
                    else Block(output, last, row, fetched, ChunkBytes / panels);
                }
            }
        }

        private void Block(int start, int end, int row, byte* next, nint nextStep)
        {
            switch (Math.Min(RowTile(TSimd.Count), _rows - row))
            {
                case 1: Block<Rows1>(start, end, row, next, nextStep); break;
                case 2: Block<Rows2>(start, end, row, next, nextStep); break;
                case 3: Block<Rows3>(start, end, row, next, nextStep); break;
                case 4: Block<Rows4>(start, end, row, next, nextStep); break;
                case 5: Block<Rows5>(start, end, row, next, nextStep); break;
                case 6: Block<Rows6>(start, end, row, next, nextStep); break;
                case 7: Block<Rows7>(start, end, row, next, nextStep); break;
                default: Block<Rows8>(start, end, row, next, nextStep); break;
            }
        }

        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Block<TRows>(int start, int end, int row, byte* next, nint nextStep) where TRows : struct, IRows
        {
            float* sums = stackalloc float[8 * 4], laneSums = stackalloc float[TSimd.Count < Simd.Lanes ? 8 * 4 * Simd.Lanes : 1];
            byte* tails = stackalloc byte[OutputTile * MostChunkBytes];
            float* panel = _packed + row * _padded;
            var strip = new Strip { Bytes = _wholeBytes, Panel = panel, Sums = sums, LaneSums = laneSums, Next = next };
            strip.NextStep = nextStep * PassLanes<TRows>() / Simd.Lanes;
            for (int output = start; output < end; output += OutputTile)
            {
                // A tile that reaches beyond the last output does that output again.
                int output1 = Math.Min(output + 1, end - 1), output2 = Math.Min(output + 2, end - 1);
                strip.Weights0 = _weights + output * _rowBytes;
                strip.Weights1 = _weights + output1 * _rowBytes;
                strip.Weights2 = _weights + output2 * _rowBytes;
                if (_wholeBytes < _rowBytes)
                {
                    CopyTails(strip.Weights0, strip.Weights1, strip.Weights2, tails);
                    strip.Tails = tails;
                }
                AddUp<TRows>(ref strip);

                float bias0 = 0, bias1 = 0, bias2 = 0;
                if (_bias != null) (bias0, bias1, bias2) = (_bias[output], _bias[output1], _bias[output2]);
                float* y = _y + (long)row * _outputs;
                for (int r = 0; r < TRows.Count; r++, y += _outputs)
                {
                    y[output] = sums[r * 4] + bias0;
                    y[output1] = sums[r * 4 + 1] + bias1;
                    y[output2] = sums[r * 4 + 2] + bias2;
                }
            }
        }

        // Lanes that one pass over a tile adds up. Two vectors are taken at once where one or two rows of x leave registers for it.
        private static int PassLanes<TRows>() where TRows : struct, IRows =>
            TSimd.Count * 2 == Simd.Lanes && TRows.Count <= 2 ? Simd.Lanes : TSimd.Count;

        // Every pass fetches its part of the weights that come next.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void AddUp<TRows>(ref Strip strip) where TRows : struct, IRows
        {
            nint fetched = strip.Bytes / ChunkBytes * OutputTile * strip.NextStep;
            if (TSimd.Count == Simd.Lanes)
            {
                Tile<TRows>(in strip);
                strip.Next += fetched;
                return;
            }
            for (strip.Lane = 0; strip.Lane < Simd.Lanes; strip.Lane += PassLanes<TRows>(), strip.Next += fetched)
            {
                if (PassLanes<TRows>() == TSimd.Count) Tile<TRows>(in strip);
                else BothHalves<TRows>(in strip);
            }
            for (int r = 0; r < TRows.Count; r++)
                for (int n = 0; n < OutputTile; n++) strip.Sums[r * 4 + n] = Simd.SumLanes(strip.LaneSums + (r * 4 + n) * Simd.Lanes);
        }

        private void CopyTails(byte* row0, byte* row1, byte* row2, byte* tails)
        {
            uint rest = (uint)(_rowBytes - _wholeBytes);
            Unsafe.InitBlockUnaligned(tails, 0, OutputTile * MostChunkBytes);
            Unsafe.CopyBlockUnaligned(tails, row0 + _wholeBytes, rest);
            Unsafe.CopyBlockUnaligned(tails + ChunkBytes, row1 + _wholeBytes, rest);
            Unsafe.CopyBlockUnaligned(tails + 2 * ChunkBytes, row2 + _wholeBytes, rest);
        }
    }
}
