using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json.Nodes;
using ParScale.Kernels.Formats;
using ParScale.Quantization;

namespace ParScale.Tests.Quantization;

/// <summary>A quantised folder that a test can spoil, with or without the checksums that would show it.</summary>
internal sealed class QuantizedFile
{
    private const int LengthBytes = 8;
    private const int Alignment = 64;
    private readonly string _folder;
    private byte[] _data;

    private QuantizedFile(string folder)
    {
        _folder = folder;
        byte[] file = File.ReadAllBytes(Weights);
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        Header = (JsonObject)JsonNode.Parse(file.AsSpan(LengthBytes, length))!;
        _data = file[(LengthBytes + length)..];
    }

    public JsonObject Header { get; }

    private string Weights => Path.Combine(_folder, HeaderChecksum.WeightsName);

    private JsonObject Metadata => (JsonObject)Header["__metadata__"]!;

    /// <summary>Writes a small random model into <paramref name="folder"/>/float and its quantised form into /quantised.</summary>
    public static string Make(TempFolder folder, WeightDtype type = WeightDtype.Q8)
    {
        RandomCheckpoint.Write(folder.File("float"), RandomCheckpoint.Config(streams: 2, layers: 1), seed: 5);
        Quantizer.Run(folder.File("float"), folder.File("quantised"), type, cancellationToken: TestContext.Current.CancellationToken);
        return folder.File("quantised");
    }

    public static QuantizedFile Open(string folder) => new(folder);

    /// <summary>The bytes of a tensor, to be changed.</summary>
    public Span<byte> Data(string tensor)
    {
        JsonNode offsets = Header[tensor]!["data_offsets"]!;
        return _data.AsSpan((int)offsets[0]!..(int)offsets[1]!);
    }

    /// <summary>Writes the file with all checksums made to fit what it now holds and what config.json is now.</summary>
    public void Save()
    {
        foreach ((string name, JsonNode? _) in Header.Where(entry => entry.Key != "__metadata__"))
            Metadata[HeaderChecksum.TensorKey + name] = HeaderChecksum.Text(Crc64.HashToUInt64(Data(name)));
        Metadata[HeaderChecksum.ConfigKey] = HeaderChecksum.Text(Crc64.HashToUInt64(File.ReadAllBytes(Path.Combine(_folder, "config.json"))));
        Metadata[HeaderChecksum.DataKey] = _data.Length.ToString(CultureInfo.InvariantCulture);
        Metadata[HeaderChecksum.SealKey] = HeaderChecksum.Blank;
        byte[] json = Encoding.UTF8.GetBytes(Header.ToJsonString());
        int total = (LengthBytes + json.Length + Alignment - 1) / Alignment * Alignment;
        byte[] header = new byte[total];
        header.AsSpan(LengthBytes).Fill((byte)' ');
        json.CopyTo(header, LengthBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)(total - LengthBytes));
        HeaderChecksum.Stamp(header);
        File.WriteAllBytes(Weights, [.. header, .. _data]);
    }

    /// <summary>Takes a tensor, the last of the file, out of it.</summary>
    public void RemoveLast()
    {
        string last = Header.Where(entry => entry.Key != "__metadata__").MaxBy(entry => (int)entry.Value!["data_offsets"]![1]!).Key;
        _data = _data[..(int)Header[last]!["data_offsets"]![0]!];
        Header.Remove(last);
    }

    /// <summary>Adds a tensor of four bytes at the end.</summary>
    public void AddLast(string name)
    {
        Header[name] = JsonNode.Parse($$"""{"dtype":"F32","shape":[1],"data_offsets":[{{_data.Length}},{{_data.Length + 4}}]}""");
        _data = [.. _data, 0, 0, 0, 0];
    }
}
