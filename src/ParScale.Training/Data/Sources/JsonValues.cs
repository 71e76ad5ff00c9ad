using System.Buffers;

namespace ParScale.Training.Data.Sources;

/// <summary>Cuts a stream into JSON values: the elements of its one array, or values one after the other. It looks only at brackets and texts.</summary>
internal sealed class JsonValues(Stream stream, int limit)
{
    private const int BlockBytes = 1 << 18;
    private const int KeptBytes = 1 << 20;

    private ArrayBufferWriter<byte> _value = new();
    private long _number;
    private long _length;
    private int _depth;
    private bool _inText;
    private bool _escaped;

    /// <summary>After the last value: why the whole is not JSON, or null.</summary>
    public string? Fault { get; private set; }

    /// <summary>All values, counted from 1; those over the limit without their bytes.</summary>
    public IEnumerable<SourceLine> Read()
    {
        byte[] block = new byte[BlockBytes];
        (bool? inArray, bool ended) = (null, false);
        bool started = false;
        for (int count; (count = stream.ReadAtLeast(block, 3, throwOnEndOfStream: false)) > 0;)
        {
            int at = !started && block.AsSpan(0, count).StartsWith(LineReader.ByteOrderMark) ? LineReader.ByteOrderMark.Length : 0;
            started = true;
            for (; at < count; at++)
            {
                byte next = block[at];
                bool isSpace = next is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
                if (ended && !isSpace)
                {
                    Fault = "has something behind its array";
                    yield break;
                }
                if (inArray is null && !isSpace)
                {
                    inArray = next == '[';
                    if (inArray == true) continue;
                }
                bool outside = _depth == 0 && !_inText;
                if (inArray == true && outside && next is (byte)',' or (byte)']')
                {
                    // An empty array has no element; but a comma has one on either side.
                    if (next == ',' || _number > 0 || _value.WrittenCount > 0) yield return Take();
                    ended = next == ']';
                    continue;
                }
                if (isSpace && outside && (inArray == true || _value.WrittenCount == 0))
                {
                    _length++;
                    continue;
                }
                Add(next);
                if (inArray == false && _depth == 0 && !_inText && next is (byte)'}' or (byte)']' or (byte)'"' or (byte)'\n') yield return Take();
            }
        }
        if (inArray == true && !ended) Fault = "ends within its array: it is cut off, or a bracket or quote is missing";
        else if (_depth > 0 || _inText) Fault = "ends within an object: it is cut off, or a bracket or quote is missing";
        else if (_value.WrittenCount > 0) yield return Take();
    }

    private void Add(byte next)
    {
        _length++;
        if (_length <= limit) _value.Write([next]);
        if (_escaped) _escaped = false;
        else if (_inText) (_escaped, _inText) = (next == '\\', next != '"');
        else if (next == '"') _inText = true;
        else if (next is (byte)'{' or (byte)'[') _depth++;
        else if (next is (byte)'}' or (byte)']') _depth = Math.Max(0, _depth - 1);
    }

    private SourceLine Take()
    {
        var taken = new SourceLine(++_number, _length + 1, _length > limit ? null : _value.WrittenSpan.ToArray());
        if (_value.Capacity > KeptBytes) _value = new ArrayBufferWriter<byte>();
        else _value.ResetWrittenCount();
        _length = 0;
        return taken;
    }
}
