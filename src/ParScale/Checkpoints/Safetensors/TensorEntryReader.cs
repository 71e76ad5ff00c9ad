using System.Text;
using System.Text.Json;

namespace ParScale.Checkpoints.Safetensors;

/// <summary>Reads one <c>{"dtype": ..., "shape": [...], "data_offsets": [begin, end]}</c> of a safetensors header.</summary>
internal readonly ref struct TensorEntryReader(string path, string name)
{
    /// <summary>Reads the entry that <paramref name="reader"/> stands on. Offsets are relative to <paramref name="dataStart"/>.</summary>
    public TensorInfo Read(ref Utf8JsonReader reader, long dataStart)
    {
        TensorType? type = null;
        long[]? shape = null;
        (long Begin, long End)? range = null;
        if (reader.TokenType != JsonTokenType.StartObject) throw Bad("ST-08", "is not described by a JSON object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString() ?? "";
            bool again = (key == "dtype" && type is not null) || (key == "shape" && shape is not null)
                || (key == "data_offsets" && range is not null);
            if (again) throw Bad("ST-10", $"has {key} twice");
            reader.Read();
            if (key == "dtype") type = ReadType(ref reader);
            else if (key == "shape") shape = ReadShape(ref reader);
            else if (key == "data_offsets") range = ReadRange(ref reader);
            else reader.Skip();
        }
        if (type is null) throw Bad("ST-11", "has no dtype");
        if (shape is null) throw Bad("ST-12", "has no shape");
        if (range is null) throw Bad("ST-14", "has no data_offsets");
        return Check(type.Value, shape, range.Value, dataStart);
    }

    private TensorInfo Check(TensorType type, long[] shape, (long Begin, long End) range, long dataStart)
    {
        long length = range.End - range.Begin;
        long expected;
        try
        {
            expected = TensorSize.Bytes(type, shape);
        }
        catch (OverflowException e)
        {
            throw Bad("ST-13", $"shape [{string.Join(", ", shape)}] is larger than any file", e);
        }
        if (length != expected)
        {
            throw Bad("ST-15", $"data_offsets give {length} bytes, but {type.FileName()} [{string.Join(", ", shape)}] needs {expected}");
        }
        if (range.Begin > long.MaxValue - dataStart - length) throw Bad("ST-14", $"data_offsets {range.Begin} lie beyond any file");
        return new TensorInfo(name, type, shape, dataStart + range.Begin, length);
    }

    private TensorType ReadType(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw Bad("ST-11", $"dtype is not text; known are {TensorTypeExtensions.KnownNames}");
        string text = reader.GetString() ?? "";
        if (TensorTypeExtensions.TryParse(text, out TensorType type)) return type;
        throw Bad("ST-11", $"dtype {ParScaleException.Quote(text)} is not known; known are {TensorTypeExtensions.KnownNames}");
    }

    private long[] ReadShape(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw Bad("ST-12", "shape is not a list");
        Span<long> axes = stackalloc long[CheckpointLimits.Rank];
        int rank = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (rank == CheckpointLimits.Rank) throw Bad("ST-20", $"has more than {CheckpointLimits.Rank} axes");
            axes[rank++] = ReadAxis(ref reader);
        }
        return axes[..rank].ToArray();
    }

    private long ReadAxis(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.Number)
            throw Bad("ST-12", "shape holds something that is not a number; expected whole numbers, 0 or more");
        if (reader.TryGetInt64(out long axis) && axis is >= 0 and <= CheckpointLimits.LargestAxis) return axis;
        bool tooLongToRead = !reader.TryGetInt64(out _) && !reader.ValueSpan.ContainsAnyExceptInRange((byte)'0', (byte)'9');
        string text = Encoding.UTF8.GetString(reader.ValueSpan);
        throw tooLongToRead
            ? Bad("ST-13", $"shape holds {ParScaleException.Quote(text)}: larger than any file")
            : Bad("ST-12", $"shape holds {ParScaleException.Quote(text)}; expected a whole number from 0 to 2^53");
    }

    private (long Begin, long End) ReadRange(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw Bad("ST-14", "data_offsets is not a list of two numbers");
        long begin = ReadOffset(ref reader);
        long end = ReadOffset(ref reader);
        reader.Read();
        if (reader.TokenType != JsonTokenType.EndArray) throw Bad("ST-14", "data_offsets is not a list of two numbers");
        if (end < begin) throw Bad("ST-14", $"data_offsets end at {end}, before they begin at {begin}");
        return (begin, end);
    }

    private long ReadOffset(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long offset) && offset >= 0) return offset;
        throw Bad("ST-14", "data_offsets is not a list of two whole numbers, 0 or more");
    }

    private ParScaleException Bad(string code, string detail, Exception? inner = null) =>
        ParScaleException.BadInput(code, path, $"tensor {ParScaleException.Quote(name)}: {detail}", inner);
}
