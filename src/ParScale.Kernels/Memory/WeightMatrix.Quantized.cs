using System.Buffers;
using ParScale.Kernels.Formats;

namespace ParScale.Kernels.Memory;

// Matrices of codes and scales: Q8 and Q4.
internal sealed unsafe partial class WeightMatrix
{
    /// <summary>Codes and scales that lie in a mapped file, at any alignment. The file must stay open while the matrix is used.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not lie inside the file.</exception>
    public static WeightMatrix MapQuantized(MappedFile file, long offset, long scaleOffset, WeightDtype type, int rows, int columns)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        long tiles = QuantizedLayout.Tiles(rows);
        byte* data = file.Pointer(offset, checked(tiles * QuantizedLayout.TileBytes(type, columns)));
        byte* scales = file.Pointer(scaleOffset, checked(tiles * QuantizedLayout.TileScaleBytes(type, columns)));
        return new WeightMatrix(file, data, (ushort*)scales, type, rows, columns);
    }

    /// <summary>
    /// Rounds the rows of one tile, and says how far it is from them. codes, scales: one tile's bytes in the order of
    /// <see cref="QuantizedLayout"/>.
    /// </summary>
    public RoundingError PackTile(WeightDtype type, int tile, Span<byte> codes, Span<byte> scales)
    {
        int first = tile * QuantizedLayout.TileRows, count = Math.Min(QuantizedLayout.TileRows, Rows - first);
        float[] rented = ArrayPool<float>.Shared.Rent(count * Columns);
        Span<float> values = rented.AsSpan(0, count * Columns);
        for (int row = 0; row < count; row++) CopyRow(first + row, values.Slice(row * Columns, Columns));
        RoundingError error = QuantizedLayout.Pack(type, values, count, Columns, codes, scales);
        ArrayPool<float>.Shared.Return(rented);
        return error;
    }

    private WeightMatrix ToQuantized(WeightDtype type)
    {
        WeightMatrix result = AllocateQuantized(type, Rows, Columns);
        int tileBytes = checked((int)QuantizedLayout.TileBytes(type, Columns)), scaleBytes = (int)QuantizedLayout.TileScaleBytes(type, Columns);
        Parallel.For(0, QuantizedLayout.Tiles(Rows), tile => PackTile(
            type, tile, new Span<byte>(result.Data + (long)tile * tileBytes, tileBytes),
            new Span<byte>((byte*)result.Scales + (long)tile * scaleBytes, scaleBytes)));
        return result;
    }

    private void CopyQuantizedRow(int row, Span<float> y)
    {
        int tile = row / QuantizedLayout.TileRows;
        byte* codes = Data + tile * QuantizedLayout.TileBytes(Type, Columns);
        byte* scales = (byte*)Scales + tile * QuantizedLayout.TileScaleBytes(Type, Columns);
        QuantizedLayout.Unpack(Type, codes, (ushort*)scales, row % QuantizedLayout.TileRows, y);
    }

    private static WeightMatrix AllocateQuantized(WeightDtype type, int rows, int columns)
    {
        var buffer = new AlignedBuffer(SizeOf(type, rows, columns));
        byte* scales = buffer.Start + QuantizedLayout.Tiles(rows) * QuantizedLayout.TileBytes(type, columns);
        return new WeightMatrix(buffer, buffer.Start, (ushort*)scales, type, rows, columns);
    }
}
