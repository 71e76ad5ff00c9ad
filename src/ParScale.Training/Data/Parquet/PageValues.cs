using System.Buffers.Binary;

namespace ParScale.Training.Data.Parquet;

/// <summary>The values of a page, as their bytes: numbers in little-endian order, texts without their lengths.</summary>
internal static class PageValues
{
    private const int Plain = 0, PlainDictionary = 2, Runs = 3, DeltaNumbers = 5, DeltaTexts = 6, DeltaShared = 7, RunsOfDictionary = 8, SplitBytes = 9;

    private static readonly ReadOnlyMemory<byte>[] Booleans = [new byte[] { 0 }, new byte[] { 1 }];

    /// <param name="page">The bytes behind the levels.</param>
    /// <param name="encoding">How they are written.</param>
    /// <param name="count">How many there are; nulls have none.</param>
    /// <param name="element">The column.</param>
    /// <param name="dictionary">The values that numbers in the page stand for, if there are such.</param>
    /// <exception cref="InvalidDataException">There are others than that.</exception>
    /// <exception cref="NotSupportedException">The encoding is not one of the column's type.</exception>
    public static ReadOnlyMemory<byte>[] Read(ReadOnlyMemory<byte> page, int encoding, int count, SchemaElement element, ReadOnlyMemory<byte>[]? dictionary)
    {
        if (count == 0) return [];
        int type = element.Type ?? -1;
        return (encoding, type) switch
        {
            (Plain, ParquetType.Bytes) => PlainTexts(page, count),
            (Plain, ParquetType.Boolean) => [.. Enumerable.Range(0, count).Select(i => Booleans[BitPackedRuns.Packed(page.Span, i, 1)])],
            (Plain, ParquetType.Int32 or ParquetType.Int64 or ParquetType.Float or ParquetType.Double) => Slices(page, count, Width(element)),
            (PlainDictionary or RunsOfDictionary, _) => OfDictionary(page, count, dictionary ?? throw new InvalidDataException("a dictionary is missing")),
            // The runs of such a page have their length before them.
            (Runs, ParquetType.Boolean) => [.. Numbers(page[4..], 1, count).Select(bit => Booleans[bit])],
            (DeltaNumbers, ParquetType.Int32 or ParquetType.Int64) => DeltaValues.FixedNumbers(page, count, Width(element)),
            (DeltaTexts, ParquetType.Bytes) => DeltaValues.Texts(page, count),
            (DeltaShared, ParquetType.Bytes) => DeltaValues.SharedTexts(page, count),
            (SplitBytes, ParquetType.Int32 or ParquetType.Int64 or ParquetType.Float or ParquetType.Double) => Joined(page, count, Width(element)),
            _ => throw new NotSupportedException($"pages in the encoding {encoding}"),
        };
    }

    private static ReadOnlyMemory<byte>[] PlainTexts(ReadOnlyMemory<byte> page, int count)
    {
        if (count > page.Length / 4) throw new InvalidDataException("a page has fewer values than its header says");
        var values = new ReadOnlyMemory<byte>[count];
        for (int i = 0; i < count; i++)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(page.Span);
            values[i] = page.Slice(4, length);
            page = page[(4 + length)..];
        }
        return values;
    }

    private static ReadOnlyMemory<byte>[] OfDictionary(ReadOnlyMemory<byte> page, int count, ReadOnlyMemory<byte>[] dictionary) =>
        [.. Numbers(page[1..], page.Span[0], count).Select(index => dictionary[index])];

    private static int[] Numbers(ReadOnlyMemory<byte> page, int width, int count)
    {
        int[] numbers = new int[count];
        BitPackedRuns.Read(page.Span, width, numbers);
        return numbers;
    }

    private static ReadOnlyMemory<byte>[] Slices(ReadOnlyMemory<byte> page, int count, int width) =>
        [.. Enumerable.Range(0, count).Select(i => page.Slice(i * width, width))];

    // BYTE_STREAM_SPLIT: the first bytes of all values, then the second bytes, and so on.
    private static ReadOnlyMemory<byte>[] Joined(ReadOnlyMemory<byte> page, int count, int width)
    {
        byte[] bytes = new byte[count * width];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = page.Span[i % width * count + i / width];
        return Slices(bytes, count, width);
    }

    private static int Width(SchemaElement element) => element.Type is ParquetType.Int32 or ParquetType.Float ? 4 : 8;
}
