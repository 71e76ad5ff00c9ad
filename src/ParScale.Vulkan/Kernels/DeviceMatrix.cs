using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Kernels;

/// <summary>
/// Weights [rows, columns] on the device, byte by byte as they are stored; rows of floats are filled up with zeros to a multiple of four.
/// </summary>
internal sealed unsafe class DeviceMatrix
{
    /// <summary>Floats that a lane reads at once.</summary>
    private const int Quad = 4;

    // Rows that are filled up go to the device in pieces of about this size.
    private const int PieceBytes = 1 << 20;

    private DeviceMatrix(WeightDtype type, int rows, int columns, int rowValues, DeviceBuffer values, DeviceBuffer? scales) =>
        (Type, Rows, Columns, RowValues, Values, Scales) = (type, rows, columns, rowValues, values, scales);

    /// <summary>Storage of the values.</summary>
    public WeightDtype Type { get; }

    /// <summary>Outputs of the product.</summary>
    public int Rows { get; }

    /// <summary>Inputs of the product.</summary>
    public int Columns { get; }

    /// <summary>Columns, with those that fill up.</summary>
    public int RowValues { get; }

    /// <summary>Values, or codes.</summary>
    public DeviceBuffer Values { get; }

    /// <summary>Scales of block-quantized types, else null.</summary>
    public DeviceBuffer? Scales { get; }

    /// <summary>Bytes that a matrix takes on a device.</summary>
    public static long BytesFor(WeightMatrix matrix) => WeightFormats.IsQuantized(matrix.Type)
        ? QuantizedLayout.Tiles(matrix.Rows) * (QuantizedLayout.TileBytes(matrix.Type, matrix.Columns) + QuantizedLayout.TileScaleBytes(matrix.Type, matrix.Columns))
        : (long)matrix.Rows * Filled(matrix.Columns) * WeightFormats.BytesPerValue(matrix.Type);

    /// <summary>Copies a matrix to the device.</summary>
    /// <exception cref="ParScaleException">VK-02: there is no memory for it.</exception>
    public static DeviceMatrix From(VulkanDevice device, WeightMatrix matrix) =>
        WeightFormats.IsQuantized(matrix.Type) ? FromQuantized(device, matrix) : FromFloats(device, matrix);

    private static DeviceMatrix FromQuantized(VulkanDevice device, WeightMatrix matrix)
    {
        long tiles = QuantizedLayout.Tiles(matrix.Rows);
        DeviceBuffer codes = Upload(device, matrix.Data, tiles * QuantizedLayout.TileBytes(matrix.Type, matrix.Columns));
        DeviceBuffer scales = Upload(device, (byte*)matrix.Scales, tiles * QuantizedLayout.TileScaleBytes(matrix.Type, matrix.Columns));
        int filled = QuantizedLayout.Groups(matrix.Type, matrix.Columns) * QuantizedLayout.GroupSize(matrix.Type);
        GC.KeepAlive(matrix);
        return new DeviceMatrix(matrix.Type, matrix.Rows, matrix.Columns, filled, codes, scales);
    }

    private static DeviceMatrix FromFloats(VulkanDevice device, WeightMatrix matrix)
    {
        int filled = Filled(matrix.Columns), size = WeightFormats.BytesPerValue(matrix.Type);
        DeviceBuffer values;
        if (filled == matrix.Columns) values = Upload(device, matrix.Data, matrix.Rows * matrix.RowBytes);
        else
        {
            values = device.Memory.Allocate((long)matrix.Rows * filled * size);
            int rowBytes = filled * size, together = Math.Max(1, PieceBytes / rowBytes);
            var piece = new byte[Math.Min(together, matrix.Rows) * rowBytes];
            for (int first = 0; first < matrix.Rows; first += together)
            {
                int count = Math.Min(together, matrix.Rows - first);
                for (int i = 0; i < count; i++)
                    new ReadOnlySpan<byte>(matrix.Data + (first + i) * matrix.RowBytes, (int)matrix.RowBytes).CopyTo(piece.AsSpan(i * rowBytes));
                device.Upload(piece.AsSpan(0, count * rowBytes), values, (long)first * rowBytes);
            }
        }
        GC.KeepAlive(matrix);
        return new DeviceMatrix(matrix.Type, matrix.Rows, matrix.Columns, filled, values, null);
    }

    private static int Filled(int columns) => (columns + Quad - 1) / Quad * Quad;

    private static DeviceBuffer Upload(VulkanDevice device, byte* from, long bytes)
    {
        // Spans end at 2 GiB.
        const int piece = 1 << 30;
        DeviceBuffer buffer = device.Memory.Allocate(bytes);
        for (long start = 0; start < bytes; start += piece)
            device.Upload(new ReadOnlySpan<byte>(from + start, (int)Math.Min(piece, bytes - start)), buffer, start);
        return buffer;
    }
}
