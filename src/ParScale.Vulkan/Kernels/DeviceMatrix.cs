using System.Runtime.InteropServices;
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

    /// <summary>Bytes that joined matrices take on a device, nearly.</summary>
    public static long BytesFor(params ReadOnlySpan<WeightMatrix> matrices)
    {
        (WeightDtype type, int columns) = (TypeOf(matrices), matrices[0].Columns);
        return LargestBuffer(matrices) + (WeightFormats.IsQuantized(type) ? Tiles(matrices) * QuantizedLayout.TileScaleBytes(type, columns) : 0);
    }

    /// <summary>Bytes of their values or codes, nearly.</summary>
    public static long LargestBuffer(params ReadOnlySpan<WeightMatrix> matrices)
    {
        (WeightDtype type, int columns) = (TypeOf(matrices), matrices[0].Columns);
        return Tiles(matrices) * (WeightFormats.IsQuantized(type) ? QuantizedLayout.TileBytes(type, columns)
            : (long)QuantizedLayout.TileRows * Filled(columns) * WeightFormats.BytesPerValue(type));
    }

    /// <summary>
    /// Copies matrices of one number of columns to the device, one below the other: a product with them is one command. Each begins at a multiple of a
    /// tile's rows; what the rows between give is undefined. Where some are bfloat16 and some are not, all become float32.
    /// </summary>
    /// <exception cref="ParScaleException">VK-02: there is no memory for them.</exception>
    public static DeviceMatrix From(VulkanDevice device, params ReadOnlySpan<WeightMatrix> matrices)
    {
        WeightDtype type = TypeOf(matrices);
        int start = 0, end = 0;
        foreach (WeightMatrix matrix in matrices)
        {
            if (matrix.Columns != matrices[0].Columns) throw new ArgumentException("the matrices differ in columns", nameof(matrices));
            end = start + matrix.Rows;
            start += Padded(matrix.Rows);
        }
        return WeightFormats.IsQuantized(type) ? FromQuantized(device, matrices, end) : FromFloats(device, matrices, type, end);
    }

    private static WeightDtype TypeOf(ReadOnlySpan<WeightMatrix> matrices)
    {
        WeightDtype type = matrices[0].Type;
        foreach (WeightMatrix matrix in matrices)
        {
            if (matrix.Type == type) continue;
            if (WeightFormats.IsQuantized(type) || WeightFormats.IsQuantized(matrix.Type))
                throw new ArgumentException("the matrices differ in their types", nameof(matrices));
            type = WeightDtype.F32;
        }
        return type;
    }

    /// <summary>Rows of a matrix, with those up to where the next one begins.</summary>
    public static int Padded(int rows) => QuantizedLayout.Tiles(rows) * QuantizedLayout.TileRows;

    /// <summary>The biases of joined matrices, each of the length of its rows, or all empty: then null.</summary>
    public static DeviceBuffer? JoinBiases(VulkanDevice device, params ReadOnlySpan<float[]> biases)
    {
        if (biases[0].Length == 0) return null;
        var joined = new List<float>();
        foreach (float[] bias in biases)
        {
            joined.AddRange(bias);
            joined.AddRange(new float[Padded(bias.Length) - bias.Length]);
        }
        DeviceBuffer buffer = device.Memory.Allocate(joined.Count * sizeof(float));
        device.Upload(MemoryMarshal.AsBytes(joined.ToArray().AsSpan()), buffer);
        return buffer;
    }

    private static long Tiles(ReadOnlySpan<WeightMatrix> matrices)
    {
        long tiles = 0;
        foreach (WeightMatrix matrix in matrices) tiles += QuantizedLayout.Tiles(matrix.Rows);
        return tiles;
    }

    private static int Filled(int columns) => (columns + Quad - 1) / Quad * Quad;

    private static DeviceMatrix FromQuantized(VulkanDevice device, ReadOnlySpan<WeightMatrix> matrices, int rows)
    {
        (WeightDtype type, int columns) = (matrices[0].Type, matrices[0].Columns);
        long tileBytes = QuantizedLayout.TileBytes(type, columns), scaleBytes = QuantizedLayout.TileScaleBytes(type, columns), tile = 0;
        DeviceBuffer codes = device.Memory.Allocate(QuantizedLayout.Tiles(rows) * tileBytes);
        DeviceBuffer scales = device.Memory.Allocate(QuantizedLayout.Tiles(rows) * scaleBytes);
        foreach (WeightMatrix matrix in matrices)
        {
            int tiles = QuantizedLayout.Tiles(matrix.Rows);
            Upload(device, matrix.Data, tiles * tileBytes, codes, tile * tileBytes);
            Upload(device, (byte*)matrix.Scales, tiles * scaleBytes, scales, tile * scaleBytes);
            GC.KeepAlive(matrix);
            tile += tiles;
        }
        return new DeviceMatrix(type, rows, columns, QuantizedLayout.Groups(type, columns) * QuantizedLayout.GroupSize(type), codes, scales);
    }

    private static DeviceMatrix FromFloats(VulkanDevice device, ReadOnlySpan<WeightMatrix> matrices, WeightDtype type, int rows)
    {
        int columns = matrices[0].Columns, filled = Filled(columns), rowBytes = filled * WeightFormats.BytesPerValue(type);
        DeviceBuffer values = device.Memory.Allocate((long)rows * rowBytes);
        int start = 0;
        foreach (WeightMatrix stored in matrices)
        {
            WeightMatrix matrix = stored.ConvertTo(type);
            if (filled == columns) Upload(device, matrix.Data, matrix.Rows * matrix.RowBytes, values, (long)start * rowBytes);
            else UploadFilled(device, matrix, rowBytes, values, (long)start * rowBytes);
            if (matrix != stored) matrix.Dispose();
            GC.KeepAlive(stored);
            start += Padded(matrix.Rows);
        }
        return new DeviceMatrix(type, rows, columns, filled, values, null);
    }

    private static void UploadFilled(VulkanDevice device, WeightMatrix matrix, int rowBytes, DeviceBuffer to, long offset)
    {
        int together = Math.Max(1, PieceBytes / rowBytes);
        var piece = new byte[Math.Min(together, matrix.Rows) * rowBytes];
        for (int first = 0; first < matrix.Rows; first += together)
        {
            int count = Math.Min(together, matrix.Rows - first);
            for (int i = 0; i < count; i++)
                new ReadOnlySpan<byte>(matrix.Data + (first + i) * matrix.RowBytes, (int)matrix.RowBytes).CopyTo(piece.AsSpan(i * rowBytes));
            device.Upload(piece.AsSpan(0, count * rowBytes), to, offset + (long)first * rowBytes);
        }
    }

    private static void Upload(VulkanDevice device, byte* from, long bytes, DeviceBuffer to, long offset)
    {
        // Spans end at 2 GiB.
        const int piece = 1 << 30;
        for (long start = 0; start < bytes; start += piece)
            device.Upload(new ReadOnlySpan<byte>(from + start, (int)Math.Min(piece, bytes - start)), to, offset + start);
    }
}
