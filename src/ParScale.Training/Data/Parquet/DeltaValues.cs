using System.Buffers.Binary;

namespace ParScale.Training.Data.Parquet;

/// <summary>The encodings that write differences: of numbers, and of the beginnings of texts.</summary>
internal static class DeltaValues
{
    private const long MostBytes = 1L << 30;

    /// <summary>DELTA_BINARY_PACKED; <paramref name="from"/> then stands behind it.</summary>
    /// <exception cref="InvalidDataException">It is damaged or has another number of values.</exception>
    public static long[] Numbers(ref ReadOnlySpan<byte> from, int count)
    {
        ulong blockSize = Varint(ref from);
        ulong parts = Varint(ref from);
        if (Varint(ref from) != (ulong)count) throw new InvalidDataException("a page has another number of values than its header says");
        long value = Zigzag(ref from);
        if (parts is 0 or > 1 << 16 || blockSize is 0 or > 1 << 24 || blockSize % parts != 0) throw new InvalidDataException("a block of differences is damaged");
        int partSize = (int)(blockSize / parts);
        long[] values = new long[count];
        if (count > 0) values[0] = value;
        for (int done = 1; done < count;)
        {
            long least = Zigzag(ref from);
            ReadOnlySpan<byte> widths = from[..(int)parts];
            from = from[(int)parts..];
            for (int part = 0; part < widths.Length && done < count; part++)
            {
                int width = widths[part];
                if (width > 64) throw new InvalidDataException("a number of bits is out of range");
                int take = Math.Min(partSize, count - done);
                for (int i = 0; i < take; i++) values[done++] = value = unchecked(value + least + (long)BitPackedRuns.Packed(from, (long)i * width, width));
                from = from[(int)Math.Min(((long)partSize * width + 7) / 8, from.Length)..];
            }
        }
        return values;
    }

    /// <summary>DELTA_BINARY_PACKED numbers of <paramref name="width"/> bytes each, as they would stand in a plain page.</summary>
    public static ReadOnlyMemory<byte>[] FixedNumbers(ReadOnlyMemory<byte> page, int count, int width)
    {
        ReadOnlySpan<byte> from = page.Span;
        long[] numbers = Numbers(ref from, count);
        byte[] bytes = new byte[8 * count];
        for (int i = 0; i < count; i++) BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8 * i), numbers[i]);
        return [.. Enumerable.Range(0, count).Select(i => (ReadOnlyMemory<byte>)bytes.AsMemory(8 * i, width))];
    }

    /// <summary>DELTA_LENGTH_BYTE_ARRAY: the lengths, then all bytes.</summary>
    public static ReadOnlyMemory<byte>[] Texts(ReadOnlyMemory<byte> page, int count)
    {
        ReadOnlySpan<byte> from = page.Span;
        long[] lengths = Numbers(ref from, count);
        int at = page.Length - from.Length;
        var values = new ReadOnlyMemory<byte>[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = page.Slice(at, checked((int)lengths[i]));
            at += values[i].Length;
        }
        return values;
    }

    /// <summary>DELTA_BYTE_ARRAY: how much each text shares with the one before, and what follows.</summary>
    public static ReadOnlyMemory<byte>[] SharedTexts(ReadOnlyMemory<byte> page, int count)
    {
        ReadOnlySpan<byte> from = page.Span;
        long[] shared = Numbers(ref from, count);
        ReadOnlyMemory<byte>[] values = Texts(page[(page.Length - from.Length)..], count);
        long total = 0;
        for (int i = 0; i < count; i++)
        {
            if (shared[i] == 0) continue;
            if (i == 0 || (total += shared[i]) > MostBytes) throw new InvalidDataException("a text shares more than there is");
            byte[] whole = [.. values[i - 1].Span[..checked((int)shared[i])], .. values[i].Span];
            values[i] = whole;
        }
        return values;
    }

    private static long Zigzag(ref ReadOnlySpan<byte> from)
    {
        ulong value = Varint(ref from);
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private static ulong Varint(ref ReadOnlySpan<byte> from)
    {
        ulong value = 0;
        for (int at = 0; at < 10; at++)
        {
            value |= (ulong)(from[at] & 0x7F) << 7 * at;
            if (from[at] >= 0x80) continue;
            from = from[(at + 1)..];
            return value;
        }
        throw new InvalidDataException("a number is out of range");
    }
}
