using System.Buffers;
using ParScale.Kernels.Formats;

namespace ParScale.Kernels.Memory;

// Matrices of levels and scales: Q8 and Q4.
internal sealed unsafe partial class WeightMatrix
{
    /// <summary>Levels and scales that lie in a mapped file, at any alignment. The file must stay open while the matrix is used.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not lie inside the file.</exception>
    public static WeightMatrix MapGroups(MappedFile file, long offset, long scaleOffset, WeightType type, int rows, int columns)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        long tiles = GroupLayout.Tiles(rows);
        byte* data = file.Pointer(offset, checked(tiles * GroupLayout.TileBytes(type, columns)));
        byte* scales = file.Pointer(scaleOffset, checked(tiles * GroupLayout.TileScaleBytes(type, columns)));
        return new WeightMatrix(file, data, (ushort*)scales, type, rows, columns);
    }

    /// <summary>
    /// Rounds the rows of one tile, and says how far it is from them. levels, scales: one tile's bytes in the order of
    /// <see cref="GroupLayout"/>.
    /// </summary>
    public RoundingError PackTile(WeightType type, int tile, Span<byte> levels, Span<byte> scales)
    {
        int first = tile * GroupLayout.TileRows, count = Math.Min(GroupLayout.TileRows, Rows - first);
        float[] rented = ArrayPool<float>.Shared.Rent(count * Columns);
        Span<float> values = rented.AsSpan(0, count * Columns);
        for (int row = 0; row < count; row++) CopyRow(first + row, values.Slice(row * Columns, Columns));
        RoundingError error = GroupLayout.Pack(type, values, count, Columns, levels, scales);
        ArrayPool<float>.Shared.Return(rented);
        return error;
    }

    private WeightMatrix ToGroups(WeightType type)
    {
        WeightMatrix result = AllocateGroups(type, Rows, Columns);
        int tileBytes = checked((int)GroupLayout.TileBytes(type, Columns)), scaleBytes = (int)GroupLayout.TileScaleBytes(type, Columns);
        Parallel.For(0, GroupLayout.Tiles(Rows), tile => PackTile(
            type, tile, new Span<byte>(result.Data + (long)tile * tileBytes, tileBytes),
            new Span<byte>((byte*)result.Scales + (long)tile * scaleBytes, scaleBytes)));
        return result;
    }

    private void CopyGroupedRow(int row, Span<float> y)
    {
        int tile = row / GroupLayout.TileRows;
        byte* levels = Data + tile * GroupLayout.TileBytes(Type, Columns);
        byte* scales = (byte*)Scales + tile * GroupLayout.TileScaleBytes(Type, Columns);
        GroupLayout.Unpack(Type, levels, (ushort*)scales, row % GroupLayout.TileRows, y);
    }

    private static WeightMatrix AllocateGroups(WeightType type, int rows, int columns)
    {
        var buffer = new AlignedBuffer(SizeOf(type, rows, columns));
        byte* scales = buffer.Start + GroupLayout.Tiles(rows) * GroupLayout.TileBytes(type, columns);
        return new WeightMatrix(buffer, buffer.Start, (ushort*)scales, type, rows, columns);
    }
}
