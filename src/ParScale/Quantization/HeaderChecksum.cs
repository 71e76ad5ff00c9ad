using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Files;

namespace ParScale.Quantization;

/// <summary>
/// The checksum that a quantised file carries at a fixed place in its header. It covers the header; the header holds the checksums
/// of every tensor and of <c>config.json</c>, and the length of the data: so it covers the model. It is looked at before anything
/// of the folder is parsed; docs/decisions/0005-quantised-folders.md tells why.
/// </summary>
internal static class HeaderChecksum
{
    /// <summary>The file that holds the weights.</summary>
    public const string WeightsName = "model.safetensors";

    /// <summary>Metadata: the checksum of the header with sixteen zeros in its own place. Comes first.</summary>
    public const string SealKey = "parscale.seal";

    /// <summary>Metadata: the checksum of <c>config.json</c>.</summary>
    public const string ConfigKey = "parscale.config";

    /// <summary>Metadata: bytes after the header.</summary>
    public const string DataKey = "parscale.data";

    /// <summary>Metadata: the checksum of the weights that the folder was made from, for information.</summary>
    public const string SourceKey = "parscale.source";

    /// <summary>Metadata: what comes before the name of a tensor, giving its checksum.</summary>
    public const string TensorKey = "crc64 ";

    /// <summary>What stands where a checksum will be; as long as one.</summary>
    public const string Blank = "0000000000000000";

    private const string ConfigName = "config.json";

    private static readonly byte[] Start = Encoding.UTF8.GetBytes($"{{\"__metadata__\":{{\"{SealKey}\":\"");

    private static int SealOffset => SafetensorsHeaderWriter.LengthBytes + Start.Length;

    /// <summary>A checksum as it stands in metadata. CRC-64 finds every changed bit and every burst up to 64 bits, for certain.</summary>
    public static string Text(ulong checksum) => checksum.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>Writes the seal into a finished header whose seal is still blank.</summary>
    public static void Stamp(Span<byte> header) => Encoding.ASCII.GetBytes(Text(Checksum(header)), header[SealOffset..]);

    /// <summary>Whether the file begins as <c>parscale quantize</c> begins it. False too when it cannot be read: others report that.</summary>
    public static bool IsSealed(string path) => ReadHeader(path) is not null;

    /// <summary>
    /// Proves that the header and the config of a sealed folder are as they were written, and that its file is whole. A folder
    /// without a seal passes.
    /// </summary>
    /// <exception cref="ParScaleException">They are not (QC-03, QC-04, QC-05).</exception>
    public static void Require(string folder)
    {
        string path = Path.Combine(folder, WeightsName);
        if (ReadHeader(path) is not var (header, length)) return;
        if (header.Length == 0) throw QuantizedFault.Create("QC-04", path, "is cut off in its header, or its header is damaged");
        ReadOnlySpan<byte> seal = header.AsSpan(SealOffset, Blank.Length);
        if (!seal.SequenceEqual(Encoding.ASCII.GetBytes(Text(Checksum(header)))))
            throw QuantizedFault.Create("QC-05", path, "the header does not match its checksum: the file is damaged");
        string text = Encoding.UTF8.GetString(header);
        if (Value(text, DataKey) != (length - header.Length).ToString(CultureInfo.InvariantCulture))
        {
            throw QuantizedFault.Create("QC-04", path,
                $"has {length - header.Length} bytes of data, {Value(text, DataKey)} were written: it is cut off or longer than it was");
        }
        RequireConfig(Path.Combine(folder, ConfigName), Value(text, ConfigKey));
    }

    private static void RequireConfig(string path, string? expected)
    {
        // A missing config is reported where it is needed.
        if (!Path.Exists(path)) return;
        byte[] config = InputFile.Read(path, CheckpointLimits.ConfigBytes, "CF-01", "CF-02", "CF-01");
        if (Text(Crc64.HashToUInt64(config)) == expected) return;
        throw QuantizedFault.Create("QC-03", path, $"is not the one that {WeightsName} was written with: it was changed, or is another model's");
    }

    // The header, with its length's bytes, and the length of the file; an empty header when it is cut off; null when there is no seal.
    private static (byte[] Header, long Length)? ReadHeader(string path)
    {
        try
        {
            using FileStream stream = UnwaitingOpen.Read(path);
            if (!stream.CanSeek || stream.Length < SealOffset) return null;
            byte[] start = new byte[SealOffset];
            stream.ReadExactly(start);
            if (!start.AsSpan(SafetensorsHeaderWriter.LengthBytes).SequenceEqual(Start)) return null;
            ulong json = BinaryPrimitives.ReadUInt64LittleEndian(start);
            bool fits = json <= CheckpointLimits.HeaderBytes && (long)json <= stream.Length - SafetensorsHeaderWriter.LengthBytes
                && (long)json >= SealOffset + Blank.Length;
            if (!fits) return ([], stream.Length);
            byte[] header = new byte[SafetensorsHeaderWriter.LengthBytes + (int)json];
            start.CopyTo(header, 0);
            stream.ReadExactly(header.AsSpan(SealOffset));
            return (header, stream.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static ulong Checksum(ReadOnlySpan<byte> header)
    {
        var crc = new Crc64();
        crc.Append(header[..SealOffset]);
        crc.Append(Encoding.ASCII.GetBytes(Blank));
        crc.Append(header[(SealOffset + Blank.Length)..]);
        return crc.GetCurrentHashAsUInt64();
    }

    // Read only after the seal was found intact: the text is then exactly as our writer put it there.
    private static string? Value(string header, string key)
    {
        int at = header.IndexOf($"\"{key}\":\"", StringComparison.Ordinal);
        if (at < 0) return null;
        int start = at + key.Length + 4, end = header.IndexOf('"', start);
        return end < 0 ? null : header[start..end];
    }
}
