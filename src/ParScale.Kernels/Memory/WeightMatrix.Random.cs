using ParScale.Kernels.Formats;

namespace ParScale.Kernels.Memory;

/// <content>Matrices of random values, made in the target type at the speed of memory.</content>
internal sealed unsafe partial class WeightMatrix
{
    // A uniform distribution over [-1, 1] deviates by 1 / sqrt(3).
    private const float UniformSpread = 1.7320508f;

    // Eight neighbouring values of the rows of a tile are a whole number of words in every block-quantized type.
    private const int ValuesPerBlock = 8;

    /// <summary>
    /// A matrix of finite values, uniform around 0 with about the given standard deviation, none of them denormal. The same
    /// seed gives the same matrix, whatever the number of cores.
    /// </summary>
    public static WeightMatrix Random(WeightDtype type, int rows, int columns, float deviation, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (!WeightFormats.IsQuantized(type))
        {
            WeightMatrix floats = Allocate(type, rows, columns);
            Parallel.For(0, rows, row => WeightFormats.RunFloat(
                type, new RowFill(floats.Row(row), columns, deviation * UniformSpread, new RandomBits(seed, row))));
            return floats;
        }
        WeightMatrix result = AllocateQuantized(type, rows, columns);
        Parallel.For(0, QuantizedLayout.Tiles(rows), tile => WeightFormats.RunQuantized(
            type, new TileFill(result, tile, deviation, new RandomBits(seed, tile))));
        return result;
    }

    private readonly struct RowFill(byte* row, int count, float most, RandomBits random) : IFloatFormatKernel
    {
        public void Run<TFormat>() where TFormat : struct, IFloatFormat
        {
            RandomBits bits = random;
            float scale = most / -(float)int.MinValue;
            for (int i = 0; i < count; i++) TFormat.Store(row, i, (int)bits.Next() * scale);
        }
    }

    // Stored codes are odd: that is symmetric around the offset and leaves out the one code that 8 bits do not use.
    private readonly struct TileFill(WeightMatrix matrix, int tile, float deviation, RandomBits random) : IQuantizedFormatKernel
    {
        public void Run<TFormat>() where TFormat : struct, IQuantizedFormat
        {
            RandomBits bits = random;
            int columns = matrix.Columns;
            byte* codes = matrix.Data + tile * QuantizedLayout.TileBytes(matrix.Type, columns);
            ushort* scales = matrix.Scales + tile * (QuantizedLayout.TileScaleBytes(matrix.Type, columns) / sizeof(ushort));
            ulong odd = TFormat.ValuesPerByte == 1 ? 0x0101010101010101UL : 0x1111111111111111UL;
            int groups = QuantizedLayout.Groups(matrix.Type, columns), inBlocks = columns / ValuesPerBlock * ValuesPerBlock;
            int words = inBlocks * QuantizedLayout.TileRows / TFormat.ValuesPerByte / sizeof(ulong);
            for (int i = 0; i < words; i++) ((ulong*)codes)[i] = bits.Next() | odd;

            for (int k = inBlocks; k < groups * TFormat.GroupSize; k++)
                for (int row = 0; row < QuantizedLayout.TileRows; row++)
                    TFormat.Store(codes, row, k, k < columns ? (int)(bits.Next() % (ulong)(2 * TFormat.Offset - 1)) - (TFormat.Offset - 1) : 0);

            // The rows that the last tile has too many are zero through their scales.
            int rows = Math.Min(QuantizedLayout.TileRows, matrix.Rows - tile * QuantizedLayout.TileRows);
            ushort scale = Bf16.Bits(Bf16.RoundUp(deviation * UniformSpread / TFormat.Offset));
            for (int group = 0; group < groups; group++)
                for (int row = 0; row < rows; row++) scales[group * QuantizedLayout.TileRows + row] = scale;
        }
    }

    // Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014: a start far from the others for each part.
    private struct RandomBits(ulong seed, int part)
    {
        private ulong _state = seed + (ulong)(uint)part * 0xD1342543DE82EF95;

        public ulong Next()
        {
            _state += 0x9E3779B97F4A7C15;
            ulong z = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
