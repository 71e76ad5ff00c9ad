using System.Buffers;
using ParScale.Training.Data.Rows;

namespace ParScale.Training.Data.Sources;

/// <summary>
/// A line without its line end, counted from 1. <paramref name="Length"/> bytes of the file are done with it; <paramref name="Bytes"/> is
/// null when it is over the limit.
/// </summary>
internal readonly record struct SourceLine(long Number, long Length, byte[]? Bytes);

/// <summary>Cuts a stream into lines. A line over the limit is passed over without being held.</summary>
internal sealed class LineReader(Stream stream, int limit = RowLocation.LongestRow)
{
    private const int BlockBytes = 1 << 18;
    private const int KeptBytes = 1 << 20;

    private readonly byte[] _block = new byte[BlockBytes];
    private ArrayBufferWriter<byte> _line = new();
    private long _number;
    private long _length;

    /// <summary>The byte-order mark of UTF-8.</summary>
    public static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>All lines. A byte-order mark at the start, and CR before LF, belong to none.</summary>
    public IEnumerable<SourceLine> Read()
    {
        for (int count; (count = stream.Read(_block)) > 0;)
        {
            for (int at = 0; at < count;)
            {
                int end = _block.AsSpan(at, count - at).IndexOf((byte)'\n');
                int part = end < 0 ? count - at : end;
                _length += part;
                if (_length <= limit) _line.Write(_block.AsSpan(at, part));
                at += part + 1;
                if (end >= 0) yield return Take(lineEnd: 1);
            }
        }
        if (_length > 0) yield return Take(lineEnd: 0);
    }

    private SourceLine Take(int lineEnd)
    {
        ReadOnlySpan<byte> bytes = _line.WrittenSpan;
        if (_number == 0 && bytes.StartsWith(ByteOrderMark)) bytes = bytes[ByteOrderMark.Length..];
        if (bytes is [.., (byte)'\r']) bytes = bytes[..^1];
        var taken = new SourceLine(++_number, _length + lineEnd, _length > limit ? null : bytes.ToArray());
        // One very long line must not keep its memory for the rest of the file.
        if (_line.Capacity > KeptBytes) _line = new ArrayBufferWriter<byte>();
        else _line.ResetWrittenCount();
        _length = 0;
        return taken;
    }
}
