using ParScale.Training.Data.Rows;

namespace ParScale.Training.Data.Sources;

/// <summary>A part of a text file, which begins on line <paramref name="Line"/>, counted from 1.</summary>
internal readonly record struct TextBlock(byte[] Bytes, long Line, bool Last);

/// <summary>
/// Cuts a text into blocks of about a megabyte that have, one after the other, the tokens of the whole: a block ends with a line end
/// that a visible ASCII character follows, and no token of a Qwen2 tokenizer spans that place.
/// </summary>
internal static class TextBlocks
{
    private const int Target = 1 << 20;

    /// <summary>All blocks; the last one says so.</summary>
    /// <exception cref="ParScaleException">There is no such place in as many bytes as one row may have.</exception>
    public static IEnumerable<TextBlock> Read(Stream stream, string file)
    {
        byte[] held = new byte[Target];
        (int count, long line, bool atStart) = (0, 1, true);
        while (true)
        {
            int read = stream.ReadAtLeast(held.AsSpan(count), held.Length - count, throwOnEndOfStream: false);
            bool ended = count + read < held.Length;
            count += read;
            if (atStart && held.AsSpan(0, count).StartsWith(LineReader.ByteOrderMark))
            {
                count -= LineReader.ByteOrderMark.Length;
                held.AsSpan(LineReader.ByteOrderMark.Length, count).CopyTo(held);
                atStart = false;
                if (!ended) continue;
            }
            atStart = false;
            int cut = ended ? count : LastCut(held.AsSpan(0, count));
            if (cut == 0 && !ended)
            {
                if (held.Length >= RowLocation.LongestRow) throw RowLocation.Line(file, line).TooLong();
                Array.Resize(ref held, held.Length * 2);
                continue;
            }
            yield return new TextBlock(held[..cut], line, ended);
            if (ended) yield break;
            line += held.AsSpan(0, cut).Count((byte)'\n');
            held.AsSpan(cut, count - cut).CopyTo(held);
            count -= cut;
        }
    }

    private static int LastCut(ReadOnlySpan<byte> bytes)
    {
        for (int at = bytes.Length - 1; at > 0; at--)
            if (bytes[at] is > (byte)' ' and < 0x7F && bytes[at - 1] == '\n') return at;
        return 0;
    }
}
