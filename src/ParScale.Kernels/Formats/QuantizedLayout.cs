using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Formats;

/// <summary>
/// Where the codes and scales of a matrix [rows, columns] lie. 32 rows make a tile; in a tile the values go by fours
/// along the row, then by row, so that 64 bytes feed one 512-bit instruction (or two of 256, or four of 128) and memory is
/// read from front to back. Codes: [tiles, K/4, 32, 4] for Q8, [tiles, K/8, 32, 4] for Q4; scales, bfloat16:
/// [tiles, groups, 32]. K is the number of columns, padded with zeros to whole groups; missing rows of the last tile are zero.
/// </summary>
internal static unsafe class QuantizedLayout
{
    /// <summary>Rows in a tile.</summary>
    public const int TileRows = 32;

    /// <summary>Bytes from four values of a row (eight of Q4) to the next four: those of the other rows lie between.</summary>
    public const int StepBytes = TileRows * 4;

    /// <summary>Groups whose scale would be below this are stored as zeros.</summary>
    public const float SmallestScale = 1e-30f;

    /// <summary>Values that share a scale.</summary>
    public static int GroupSize(WeightDtype type) => WeightFormats.Numbers(type).GroupSize;

    /// <summary>Tiles of a matrix.</summary>
    public static int Tiles(int rows) => (rows + TileRows - 1) / TileRows;

    /// <summary>Groups of a row.</summary>
    public static int Groups(WeightDtype type, int columns) => (columns + GroupSize(type) - 1) / GroupSize(type);

    /// <summary>Bytes of the codes of one tile.</summary>
    public static long TileBytes(WeightDtype type, int columns)
    {
        QuantizedNumbers numbers = WeightFormats.Numbers(type);
        return (long)Groups(type, columns) * numbers.GroupSize * TileRows / numbers.ValuesPerByte;
    }

    /// <summary>Bytes of the scales of one tile.</summary>
    public static long TileScaleBytes(WeightDtype type, int columns) => (long)Groups(type, columns) * TileRows * sizeof(ushort);

    /// <summary>
    /// Rounds up to 32 rows into one tile, and says how far the codes are from the values. values: [rows, columns];
    /// tile: <see cref="TileBytes"/>; scales: <see cref="TileScaleBytes"/>.
    /// </summary>
    public static RoundingError Pack(WeightDtype type, ReadOnlySpan<float> values, int rows, int columns, Span<byte> tile, Span<byte> scales)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, TileRows);
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, rows * columns);
        ArgumentOutOfRangeException.ThrowIfNotEqual(tile.Length, TileBytes(type, columns));
        ArgumentOutOfRangeException.ThrowIfNotEqual(scales.Length, TileScaleBytes(type, columns));
        var error = new RoundingError(0, 0);
        Span<ushort> halves = MemoryMarshal.Cast<byte, ushort>(scales);
        WeightFormats.RunQuantized(type, new Packing(values, rows, columns, tile, halves, ref error));
        return error;
    }

    /// <summary>The values of one row of a tile as float32. y: [columns].</summary>
    public static void Unpack(WeightDtype type, byte* tile, ushort* scales, int row, Span<float> y) =>
        WeightFormats.RunQuantized(type, new Unpacking(tile, scales, row, y));

    private readonly ref struct Packing(
        ReadOnlySpan<float> values, int rows, int columns, Span<byte> tile, Span<ushort> scales, ref RoundingError error) : IQuantizedFormatKernel
    {
        private readonly ReadOnlySpan<float> _values = values;
        private readonly Span<byte> _tile = tile;
        private readonly Span<ushort> _scales = scales;
        private readonly ref RoundingError _error = ref error;

        public void Run<TFormat>() where TFormat : struct, IQuantizedFormat => Simd.Run(new Packing<TFormat>(this));

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TFormat, TSimd, TFloat, TInt>()
            where TFormat : struct, IQuantizedFormat
            where TSimd : struct, ISimd<TFloat, TInt>
            where TFloat : struct
            where TInt : struct
        {
            int groups = _scales.Length / TileRows;
            sbyte* codes = stackalloc sbyte[TFormat.GroupSize];
            float* padded = stackalloc float[TFormat.GroupSize];
            _scales.Clear();
            fixed (float* from = _values)
            fixed (byte* to = _tile)
            {
                for (int row = 0; row < TileRows; row++)
                {
                    for (int place = 0; place < groups; place++)
                    {
                        int first = place * TFormat.GroupSize, count = row < rows ? Math.Min(TFormat.GroupSize, columns - first) : 0;
                        new Span<sbyte>(codes, TFormat.GroupSize).Clear();
                        if (count > 0)
                        {
                            float* group = from + row * columns + first;
                            if (count < TFormat.GroupSize)
                            {
                                new Span<float>(padded, TFormat.GroupSize).Clear();
                                new ReadOnlySpan<float>(group, count).CopyTo(new Span<float>(padded, count));
                                group = padded;
                            }
                            float scale = TFormat.Quantize<TSimd, TFloat, TInt>(group, codes);
                            _scales[place * TileRows + row] = Bf16.Bits(scale);
                            _error += QuantizedCodes.Error<TSimd, TFloat, TInt>(group, TFormat.GroupSize, scale, codes);
                        }
                        TFormat.StoreGroup(to, row, first, new ReadOnlySpan<sbyte>(codes, TFormat.GroupSize));
                    }
                }
            }
        }
    }

    private readonly ref struct Packing<TFormat>(Packing all) : ISimdKernel where TFormat : struct, IQuantizedFormat
    {
        private readonly Packing _all = all;

        public void Run<TSimd, TFloat, TInt>() where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct =>
            _all.Run<TFormat, TSimd, TFloat, TInt>();
    }

    private readonly ref struct Unpacking(byte* tile, ushort* scales, int row, Span<float> y) : IQuantizedFormatKernel
    {
        private readonly Span<float> _y = y;

        public void Run<TFormat>() where TFormat : struct, IQuantizedFormat
        {
            for (int k = 0; k < _y.Length; k++)
                _y[k] = Bf16.FromBits(scales[k / TFormat.GroupSize * TileRows + row]) * TFormat.Load(tile, row, k);
        }
    }
}
