using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace ParScale.Checkpoints;

/// <summary>
/// Writes safetensors files that appear whole or not at all: the bytes go to a temporary file in the same folder,
/// are flushed to the disk, and the file is renamed over the old one.
/// </summary>
public static class SafetensorsWriter
{
    private const int LengthBytes = 8;
    private const int BufferBytes = 1 << 20;

    /// <summary>
    /// Writes all <paramref name="tensors"/>, wide element types first so that every tensor starts aligned.
    /// <paramref name="metadata"/> becomes <c>__metadata__</c>; null writes <c>{"format": "pt"}</c>, which Transformers asks for.
    /// </summary>
    /// <exception cref="ArgumentException">A name appears twice, or a tensor wrote another number of bytes than its shape says.</exception>
    /// <exception cref="ParScaleException">The disk refused (<see cref="ErrorKind.Io"/>); an older file stays as it was.</exception>
    public static void Write(string path, IReadOnlyList<TensorToWrite> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        TensorToWrite[] ordered = [.. tensors.OrderByDescending(t => t.Type.ByteSize()).ThenBy(t => t.Name, StringComparer.Ordinal)];
        byte[] header = Header(ordered, metadata ?? new Dictionary<string, string> { ["format"] = "pt" });
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? ".";
        string beside = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
        try
        {
            using (var stream = new FileStream(beside, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes))
            {
                stream.Write(header);
                foreach (TensorToWrite tensor in ordered) WriteData(stream, tensor);
                stream.Flush(flushToDisk: true);
            }
            File.Move(beside, path, overwrite: true);
        }
        catch (Exception e)
        {
            TryDelete(beside);
            if (e is not (IOException or UnauthorizedAccessException)) throw;
            throw new ParScaleException(ErrorKind.Io, "IO-01",
                $"{ParScaleException.Quote(Path.GetFileName(path))}: cannot be written ({OneLine(e.Message)}); "
                + "check the folder, its permissions and the free space", e);
        }
    }

    private static byte[] Header(TensorToWrite[] ordered, IReadOnlyDictionary<string, string> metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            WriteMetadata(json, metadata);
            var names = new HashSet<string>(StringComparer.Ordinal) { "__metadata__" };
            long offset = 0;
            foreach (TensorToWrite tensor in ordered)
            {
                if (!names.Add(tensor.Name)) throw new ArgumentException($"tensor {tensor.Name} appears twice", nameof(ordered));
                offset = WriteEntry(json, tensor, offset);
            }
            json.WriteEndObject();
        }
        int padded = (buffer.WrittenCount + 7) / 8 * 8;
        byte[] header = new byte[LengthBytes + padded];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)padded);
        buffer.WrittenSpan.CopyTo(header.AsSpan(LengthBytes));
        header.AsSpan(LengthBytes + buffer.WrittenCount).Fill((byte)' ');
        return header;
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.Count == 0) return;
        json.WriteStartObject("__metadata__");
        foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal)) json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static long WriteEntry(Utf8JsonWriter json, TensorToWrite tensor, long offset)
    {
        if (tensor.Shape.Length > CheckpointLimits.Rank)
            throw new ArgumentException($"tensor {tensor.Name} has more than {CheckpointLimits.Rank} axes", nameof(tensor));
        long end = offset + TensorSize.Bytes(tensor.Type, tensor.Shape);
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.Type.FileName());
        json.WriteStartArray("shape");
        foreach (long axis in tensor.Shape) json.WriteNumberValue(axis);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(end);
        json.WriteEndArray();
        json.WriteEndObject();
        return end;
    }

    private static void WriteData(FileStream stream, TensorToWrite tensor)
    {
        long start = stream.Position;
        tensor.WriteTo(stream);
        long written = stream.Position - start;
        long expected = TensorSize.Bytes(tensor.Type, tensor.Shape);
        if (written != expected)
            throw new ArgumentException($"tensor {tensor.Name} wrote {written} bytes, its shape says {expected}", nameof(tensor));
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first error is the one to report; a leftover .tmp file is never read.
        }
    }

    private static string OneLine(string message) => message.ReplaceLineEndings(" ");
}
