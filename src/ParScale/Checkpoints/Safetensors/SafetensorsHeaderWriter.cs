using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace ParScale.Checkpoints.Safetensors;

/// <summary>Writes the header of a safetensors file: 8 bytes of length, then the JSON, padded with spaces.</summary>
internal static class SafetensorsHeaderWriter
{
    /// <summary>Bytes of the length that comes before the JSON.</summary>
    public const int LengthBytes = 8;

    /// <summary>
    /// The header of tensors that lie one after another in the given order. The data starts at a multiple of
    /// <paramref name="alignment"/>; <paramref name="metadata"/> keeps its order.
    /// </summary>
    /// <exception cref="ArgumentException">A name appears twice, or a shape has too many axes.</exception>
    public static byte[] Build(
        IEnumerable<(string Name, TensorType Type, long[] Shape)> tensors, IReadOnlyCollection<KeyValuePair<string, string>> metadata,
        int alignment)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            WriteMetadata(json, metadata);
            var names = new HashSet<string>(StringComparer.Ordinal) { "__metadata__" };
            long offset = 0;
            foreach ((string name, TensorType type, long[] shape) in tensors)
            {
                if (!names.Add(name)) throw new ArgumentException($"tensor {name} appears twice", nameof(tensors));
                offset = WriteEntry(json, name, type, shape, offset);
            }
            json.WriteEndObject();
        }
        int total = (LengthBytes + buffer.WrittenCount + alignment - 1) / alignment * alignment;
        byte[] header = new byte[total];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)(total - LengthBytes));
        buffer.WrittenSpan.CopyTo(header.AsSpan(LengthBytes));
        header.AsSpan(LengthBytes + buffer.WrittenCount).Fill((byte)' ');
        return header;
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyCollection<KeyValuePair<string, string>> metadata)
    {
        if (metadata.Count == 0) return;
        json.WriteStartObject("__metadata__");
        foreach ((string key, string value) in metadata) json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static long WriteEntry(Utf8JsonWriter json, string name, TensorType type, long[] shape, long offset)
    {
        if (shape.Length > CheckpointLimits.Rank)
            throw new ArgumentException($"tensor {name} has more than {CheckpointLimits.Rank} axes", nameof(shape));
        long end = offset + TensorSize.Bytes(type, shape);
        json.WriteStartObject(name);
        json.WriteString("dtype", type.FileName());
        json.WriteStartArray("shape");
        foreach (long axis in shape) json.WriteNumberValue(axis);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(end);
        json.WriteEndArray();
        json.WriteEndObject();
        return end;
    }
}
