using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;
using ParScale.Kernels.Memory;

namespace ParScale.Checkpoints.Safetensors;

/// <summary>
/// Reads the header straight from the mapped bytes: 8 bytes of length, then a JSON object of tensors. A header may
/// describe a million tensors, so no document tree is built.
/// </summary>
internal sealed class SafetensorsHeader
{
    private const int LengthBytes = 8;
    private readonly string _path;
    private readonly long _dataStart;
    private readonly Dictionary<string, TensorInfo> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private bool _hasMetadata;

    private SafetensorsHeader(string path, long dataStart)
    {
        _path = path;
        _dataStart = dataStart;
    }

    public IReadOnlyDictionary<string, TensorInfo> Tensors => _tensors;

    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    public static SafetensorsHeader Read(string path, MappedFile file)
    {
        int length = ReadLength(path, file);
        var header = new SafetensorsHeader(path, LengthBytes + length);
        ReadOnlySpan<byte> json = file.Slice(LengthBytes, length);
        if (json.StartsWith("\uFEFF"u8)) throw header.Bad("ST-09", "header starts with a byte-order mark; write it without one");
        if (!Utf8.IsValid(json)) throw header.Bad("ST-06", "header is not valid UTF-8");
        header.ReadRoot(json);
        header.CheckLayout(file.Length - header._dataStart);
        return header;
    }

    private static int ReadLength(string path, MappedFile file)
    {
        if (file.Length < LengthBytes)
            throw ParScaleException.BadInput("ST-02", path, $"is {file.Length} bytes, too short for a safetensors file");
        if (IsLfsPointer(file)) throw ParScaleException.BadInput("ST-05", path, "is a Git LFS pointer, not the weights; run git lfs pull");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(file.Slice(0, LengthBytes));
        if (length > CheckpointLimits.HeaderBytes)
        {
            throw ParScaleException.BadInput("ST-05", path,
                $"header length {length} is over the limit of {CheckpointLimits.HeaderBytes} bytes; is this a safetensors file?");
        }
        if (length > (ulong)(file.Length - LengthBytes))
        {
            throw ParScaleException.BadInput("ST-04", path,
                $"header length {length} is more than the {file.Length - LengthBytes} bytes that follow; the file is cut off");
        }
        if (length == 0) throw ParScaleException.BadInput("ST-03", path, "header length is 0; a header of at least {} is needed");
        return (int)length;
    }

    /// <summary>What stands in place of the weights after a clone without Git LFS: the commonest bad file of all.</summary>
    private static bool IsLfsPointer(MappedFile file)
    {
        ReadOnlySpan<byte> start = "version https://git-lfs"u8;
        return file.Length >= start.Length && file.Slice(0, start.Length).SequenceEqual(start);
    }

    private void ReadRoot(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = CheckpointLimits.JsonDepth });
        string? name = null;
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject) throw Bad("ST-08", "header is not a JSON object");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                name = reader.GetString() ?? "";
                reader.Read();
                if (name == "__metadata__") ReadMetadata(ref reader);
                else ReadTensor(ref reader, name);
            }
        }
        catch (JsonException e)
        {
            string where = name is null ? "" : $" at or after {ParScaleException.Quote(name)}";
            throw Bad("ST-07", JsonDepth.IsOverLimit(json)
                ? $"header is nested deeper than {CheckpointLimits.JsonDepth} levels{where}"
                : $"header is not valid JSON{where} (byte {LengthBytes + reader.BytesConsumed}); fetch or write the file again", e);
        }
        catch (InvalidOperationException e)
        {
            throw Bad("ST-06", $"header holds half a surrogate pair near byte {LengthBytes + reader.BytesConsumed}", e);
        }
        if (!json[(int)reader.BytesConsumed..].Trim(" \t\r\n"u8).IsEmpty)
            throw Bad("ST-08", $"header has text after its JSON object (byte {LengthBytes + reader.BytesConsumed})");
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (_hasMetadata) throw Bad("ST-10", "\"__metadata__\" appears twice");
        _hasMetadata = true;
        // Writers without metadata may say so.
        if (reader.TokenType == JsonTokenType.Null) return;
        if (reader.TokenType != JsonTokenType.StartObject) throw Bad("ST-22", "\"__metadata__\" is not an object of text pairs");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString() ?? "";
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw Bad("ST-22", $"\"__metadata__\" entry {ParScaleException.Quote(key)} is not text");
            if (!_metadata.TryAdd(key, reader.GetString() ?? ""))
                throw Bad("ST-22", $"\"__metadata__\" entry {ParScaleException.Quote(key)} appears twice");
        }
    }

    private void ReadTensor(ref Utf8JsonReader reader, string name)
    {
        if (_tensors.Count >= CheckpointLimits.Tensors)
            throw Bad("ST-21", $"more than {CheckpointLimits.Tensors} tensors in one file, from {ParScaleException.Quote(name)} on");
        TensorInfo tensor = new TensorEntryReader(_path, name).Read(ref reader, _dataStart);
        if (!_tensors.TryAdd(name, tensor)) throw Bad("ST-10", $"tensor {ParScaleException.Quote(name)} appears twice");
    }

    /// <summary>Proves that the tensors fill the data section exactly, in the order of their offsets.</summary>
    private void CheckLayout(long dataLength)
    {
        var order = new TensorInfo[_tensors.Count];
        _tensors.Values.CopyTo(order, 0);
        if (!IsInOrder(order)) Array.Sort(order, CompareOffsets);
        long end = 0;
        foreach (TensorInfo tensor in order)
        {
            long start = tensor.Offset - _dataStart;
            if (start < end) throw Bad("ST-16", $"{Quoted(tensor)}: starts at {start}, previous ends at {end} (overlap)");
            if (start > end) throw Bad("ST-17", $"{Quoted(tensor)}: starts at {start}, previous ends at {end} (hole)");
            end = start + tensor.ByteLength;
            if (end > dataLength)
                throw Bad("ST-18", $"{Quoted(tensor)}: ends at {end}, but the file has {dataLength} bytes of data; it is cut off");
        }
        if (end < dataLength) throw Bad("ST-18", $"has {dataLength - end} bytes after its last tensor");
    }

    /// <summary>By offset; an empty tensor comes before the one that starts at the same place.</summary>
    private static int CompareOffsets(TensorInfo a, TensorInfo b) =>
        a.Offset != b.Offset ? a.Offset.CompareTo(b.Offset) : a.ByteLength.CompareTo(b.ByteLength);

    private static bool IsInOrder(TensorInfo[] tensors)
    {
        for (int i = 1; i < tensors.Length; i++)
        {
            if (CompareOffsets(tensors[i - 1], tensors[i]) > 0) return false;
        }
        return true;
    }

    private static string Quoted(TensorInfo tensor) => $"tensor {ParScaleException.Quote(tensor.Name)}";

    private ParScaleException Bad(string code, string detail, Exception? inner = null) =>
        ParScaleException.BadInput(code, _path, detail, inner);
}
