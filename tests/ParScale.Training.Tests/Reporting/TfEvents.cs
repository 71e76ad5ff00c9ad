using System.Buffers.Binary;
using System.Text;

namespace ParScale.Training.Tests.Reporting;

/// <summary>
/// A record of a TensorBoard file, read by nothing that wrote it. Sources: the record format of TensorFlow's <c>TFRecord</c> guide, and the
/// field numbers of <c>event.proto</c> and <c>summary.proto</c>. What these do not define fails, as does what we do not write.
/// </summary>
internal sealed record TfEvents(double WallTime, long Step, string? FileVersion, int? SessionStatus, IReadOnlyList<(string Tag, float Value)> Scalars)
{
    private const int Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5;

    /// <summary>All records of a file, which must end with one.</summary>
    public static TfEvents[] Read(string path)
    {
        ReadOnlySpan<byte> file = File.ReadAllBytes(path);
        var records = new List<TfEvents>();
        while (file.Length > 0)
        {
            int length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(file));
            Assert.Equal(Masked(file[..8]), BinaryPrimitives.ReadUInt32LittleEndian(file[8..]));
            Assert.Equal(Masked(file.Slice(12, length)), BinaryPrimitives.ReadUInt32LittleEndian(file[(12 + length)..]));
            records.Add(Event(file.Slice(12, length)));
            file = file[(16 + length)..];
        }
        return [.. records];
    }

    /// <summary>The checksum of the format: CRC-32C, rotated right by 15 bits and shifted.</summary>
    public static uint Masked(ReadOnlySpan<byte> content)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in content)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82f63b78 : crc >> 1;
        }
        return Mask(~crc);
    }

    /// <summary>The rotation and the shift.</summary>
    public static uint Mask(uint crc) => ((crc >> 15) | (crc << 17)) + 0xa282ead8;

    private static TfEvents Event(ReadOnlySpan<byte> message)
    {
        var read = new TfEvents(0, 0, null, null, []);
        int contents = 0;
        while (message.Length > 0)
        {
            (int field, int wire) = Key(ref message);
            read = (field, wire) switch
            {
                (1, Fixed64) => read with { WallTime = BitConverter.UInt64BitsToDouble(Number(ref message, wire)) },
                (2, Varint) => read with { Step = (long)Number(ref message, wire) },
                (3, Bytes) => read with { FileVersion = Text(Part(ref message)) },
                (5, Bytes) => read with { Scalars = Summary(Part(ref message)) },
                (7, Bytes) => read with { SessionStatus = SessionLog(Part(ref message)) },
                _ => throw new InvalidDataException($"Event has no field {field} of wire type {wire} that we write"),
            };
            if (field >= 3) contents++;
        }
        Assert.Equal(1, contents);
        return read;
    }

    private static List<(string Tag, float Value)> Summary(ReadOnlySpan<byte> message)
    {
        var values = new List<(string, float)>();
        while (message.Length > 0)
        {
            Assert.Equal((1, Bytes), Key(ref message));
            ReadOnlySpan<byte> value = Part(ref message);
            (string? tag, float? number) = (null, null);
            while (value.Length > 0)
            {
                (int field, int wire) = Key(ref value);
                if ((field, wire) == (1, Bytes)) tag = Text(Part(ref value));
                else if ((field, wire) == (2, Fixed32)) number = BitConverter.UInt32BitsToSingle((uint)Number(ref value, wire));
                else throw new InvalidDataException($"Summary.Value has no field {field} of wire type {wire} that we write");
            }
            values.Add((tag ?? throw new InvalidDataException("no tag"), number ?? throw new InvalidDataException("no simple_value")));
        }
        return values;
    }

    private static int SessionLog(ReadOnlySpan<byte> message)
    {
        Assert.Equal((1, Varint), Key(ref message));
        int status = (int)Number(ref message, Varint);
        Assert.Equal(0, message.Length);
        return status;
    }

    private static (int Field, int Wire) Key(ref ReadOnlySpan<byte> message)
    {
        ulong key = Number(ref message, Varint);
        return ((int)(key >> 3), (int)(key & 7));
    }

    private static ReadOnlySpan<byte> Part(ref ReadOnlySpan<byte> message)
    {
        int length = checked((int)Number(ref message, Varint));
        ReadOnlySpan<byte> part = message[..length];
        message = message[length..];
        return part;
    }

    private static ulong Number(ref ReadOnlySpan<byte> message, int wire)
    {
        int length = wire == Fixed64 ? 8 : wire == Fixed32 ? 4 : 1;
        ulong value = 0;
        if (wire != Varint)
        {
            for (int i = 0; i < length; i++) value |= (ulong)message[i] << (8 * i);
        }
        else
        {
            for (length = 0; length == 0 || message[length - 1] >= 0x80; length++) value |= (ulong)(message[length] & 0x7F) << (7 * length);
        }
        message = message[length..];
        return value;
    }

    private static string Text(ReadOnlySpan<byte> bytes) => new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
}
