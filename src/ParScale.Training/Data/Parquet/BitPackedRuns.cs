using System.Buffers.Binary;

namespace ParScale.Training.Data.Parquet;

/// <summary>Numbers of a fixed number of bits: runs of one value, and groups of eight packed ones, in turn.</summary>
internal static class BitPackedRuns
{
    /// <summary>Fills <paramref name="to"/> with the next numbers.</summary>
    /// <exception cref="InvalidDataException">There are too few.</exception>
    public static void Read(ReadOnlySpan<byte> from, int width, Span<int> to)
    {
        if (width is < 0 or > 32) throw new InvalidDataException("a number of bits is out of range");
        Span<byte> value = stackalloc byte[4];
        value.Clear();
        for (int done = 0; done < to.Length;)
        {
            uint head = Varint(ref from);
            int count = (int)Math.Min((head & 1) == 0 ? head >> 1 : (long)(head >> 1) * 8, to.Length - done);
            if (count == 0) throw new InvalidDataException("a run of no values");
            if ((head & 1) == 0)
            {
                int bytes = (width + 7) / 8;
                from[..bytes].CopyTo(value);
                from = from[bytes..];
                to.Slice(done, count).Fill(BinaryPrimitives.ReadInt32LittleEndian(value));
            }
            else
            {
                for (int i = 0; i < count; i++) to[done + i] = (int)Packed(from, (long)i * width, width);
                // The last group may be cut where the page ends.
                from = from[(int)Math.Min((long)(head >> 1) * width, from.Length)..];
            }
            done += count;
        }
    }

    /// <summary>The <paramref name="width"/> bits, at most 64, that begin at a bit, the lowest first.</summary>
    public static ulong Packed(ReadOnlySpan<byte> from, long bit, int width)
    {
        ulong value = 0;
        for (int have = 0; have < width;)
        {
            int offset = (int)(bit & 7);
            int take = Math.Min(8 - offset, width - have);
            value |= (ulong)(from[(int)(bit >> 3)] >> offset & (1 << take) - 1) << have;
            (have, bit) = (have + take, bit + take);
        }
        return value;
    }

    private static uint Varint(ref ReadOnlySpan<byte> from)
    {
        uint value = 0;
        for (int at = 0; at < 5; at++)
        {
            value |= (uint)(from[at] & 0x7F) << 7 * at;
            if (from[at] >= 0x80) continue;
            from = from[(at + 1)..];
            return value;
        }
        throw new InvalidDataException("the length of a run is out of range");
    }
}
