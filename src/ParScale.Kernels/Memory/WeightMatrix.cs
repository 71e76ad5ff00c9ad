using System.Collections.Concurrent;
using System.Numerics.Tensors;
using ParScale.Kernels.Formats;

namespace ParScale.Kernels.Memory;

/// <summary>
/// A read-only matrix of weights [rows, columns], mapped from a file or in memory of its own: row after row, or codes and
/// scales in the order of <see cref="QuantizedLayout"/>.
/// </summary>
internal sealed unsafe partial class WeightMatrix : IDisposable
{
    // The file or the buffer that holds the bytes; a buffer belongs to this matrix alone.
    private readonly object _owner;

    private WeightMatrix(object owner, byte* data, ushort* scales, WeightDtype type, int rows, int columns)
    {
        _owner = owner;
        Data = data;
        Scales = scales;
        Type = type;
        Rows = rows;
        Columns = columns;
    }

    /// <summary>Storage of the values.</summary>
    public WeightDtype Type { get; }

    /// <summary>Outputs of the product.</summary>
    public int Rows { get; }

    /// <summary>Inputs of the product.</summary>
    public int Columns { get; }

    /// <summary>Bytes the values take, scales included.</summary>
    public long Bytes => SizeOf(Type, Rows, Columns);

    internal byte* Data { get; }

    /// <summary>bfloat16 scales of a block-quantized type, else null.</summary>
    internal ushort* Scales { get; }

    internal long RowBytes => (long)Columns * WeightFormats.BytesPerValue(Type);

    /// <summary>A matrix that lies in a mapped file, at any alignment. The file must stay open while the matrix is used.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The matrix does not lie inside the file.</exception>
    public static WeightMatrix Map(MappedFile file, long offset, WeightDtype type, int rows, int columns)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        long bytes = checked((long)rows * columns * WeightFormats.BytesPerValue(type));
        return new WeightMatrix(file, file.Pointer(offset, bytes), null, type, rows, columns);
    }

    /// <summary>Reads a matrix of IEEE half precision values from a mapped file into float32 memory of its own.</summary>
    public static WeightMatrix FromHalf(MappedFile file, long offset, int rows, int columns)
    {
        ArgumentNullException.ThrowIfNull(file);
        WeightMatrix result = Allocate(WeightDtype.F32, rows, columns);
        for (int row = 0; row < rows; row++)
        {
            Half* from = (Half*)file.Pointer(offset + (long)row * columns * sizeof(Half), (long)columns * sizeof(Half));
            TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(from, columns), new Span<float>(result.Row(row), columns));
        }
        return result;
    }

    /// <summary>A matrix of the given values, stored as <paramref name="type"/>. values: [rows, columns].</summary>
    public static WeightMatrix FromValues(ReadOnlySpan<float> values, WeightDtype type, int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, checked(rows * columns));
        WeightMatrix result = Allocate(WeightFormats.IsQuantized(type) ? WeightDtype.F32 : type, rows, columns);
        for (int row = 0; row < rows; row++) result.StoreRow(row, values.Slice(row * columns, columns));
        if (result.Type == type) return result;
        using (result) return result.ToQuantized(type);
    }

    /// <summary>This matrix stored as <paramref name="type"/>: itself when it already is.</summary>
    public WeightMatrix ConvertTo(WeightDtype type)
    {
        if (type == Type) return this;
        if (WeightFormats.IsQuantized(type)) return ToQuantized(type);
        WeightMatrix result = Allocate(type, Rows, Columns);
        var values = new float[Columns];
        for (int row = 0; row < Rows; row++)
        {
            CopyRow(row, values);
            result.StoreRow(row, values);
        }
        return result;
    }

    /// <summary>Writes row <paramref name="row"/> as float32. y: [columns].</summary>
    public void CopyRow(int row, Span<float> y)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        ArgumentOutOfRangeException.ThrowIfNotEqual(y.Length, Columns);
        if (WeightFormats.IsQuantized(Type)) CopyQuantizedRow(row, y);
        else LoadRow(row, y);
        GC.KeepAlive(_owner);
    }

    /// <summary>How many values are NaN or infinite.</summary>
    public long CountNonFinite()
    {
        if (Rows == 1) return CountNonFinite(0, Rows);
        long count = 0;
        Parallel.ForEach(Partitioner.Create(0, Rows), range => Interlocked.Add(ref count, CountNonFinite(range.Item1, range.Item2)));
        return count;
    }

    /// <summary>Frees memory of its own; a mapped file stays as it is.</summary>
    public void Dispose()
    {
        if (_owner is AlignedBuffer buffer) buffer.Dispose();
    }

    /// <summary>Bytes that a matrix takes in a type, scales included.</summary>
    public static long SizeOf(WeightDtype type, int rows, int columns) => checked(WeightFormats.IsQuantized(type)
        ? QuantizedLayout.Tiles(rows) * (QuantizedLayout.TileBytes(type, columns) + QuantizedLayout.TileScaleBytes(type, columns))
        : (long)rows * columns * WeightFormats.BytesPerValue(type));

    private static WeightMatrix Allocate(WeightDtype type, int rows, int columns)
    {
        var buffer = new AlignedBuffer(SizeOf(type, rows, columns));
        return new WeightMatrix(buffer, buffer.Start, null, type, rows, columns);
    }

    private long CountNonFinite(int start, int end)
    {
        long count = 0;
        var values = new float[Columns];
        var zeros = new float[Columns];
        for (int row = start; row < end; row++)
        {
            CopyRow(row, values);
            // The sum of v * 0 is 0 only when every value is finite: one fast pass, and a count only where it failed.
            if (TensorPrimitives.Dot(values, zeros) == 0) continue;
            foreach (float value in values) count += float.IsFinite(value) ? 0 : 1;
        }
        return count;
    }
}
