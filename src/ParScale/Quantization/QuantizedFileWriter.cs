using System.Globalization;
using System.IO.Hashing;
using ParScale.Checkpoints.Safetensors;
using ParScale.Files;

namespace ParScale.Quantization;

/// <summary>
/// Writes the weights of a quantised folder. The sizes are known beforehand, so that each tensor can be written in pieces, in any
/// order of tensors; the header, whose checksums are known last, is written last and is as long as it was planned.
/// </summary>
internal sealed class QuantizedFileWriter : IDisposable
{
    private const int Alignment = 64;

    private readonly FileStream _file;
    private readonly List<PlannedTensor> _tensors;
    private readonly ulong _configChecksum;
    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal);

    /// <summary>Creates the file and takes its space on the disk.</summary>
    /// <exception cref="IOException">The disk refused, or has not so much room.</exception>
    public QuantizedFileWriter(string path, List<PlannedTensor> tensors, ReadOnlySpan<byte> config)
    {
        _tensors = tensors;
        _configChecksum = Crc64.HashToUInt64(config);
        long offset = Header(_ => HeaderChecksum.Blank, HeaderChecksum.Blank).Length;
        foreach (PlannedTensor tensor in tensors)
        {
            _places[tensor.Name] = new Place { Next = offset };
            offset += tensor.Bytes;
        }
        Length = offset;
        _file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            BufferSize = 0,
            PreallocationSize = Length,
        });
    }

    /// <summary>Bytes of the whole file.</summary>
    public long Length { get; }

    /// <summary>Writes the next bytes of one tensor. Different tensors may be written at the same time.</summary>
    public void Append(string tensor, ReadOnlySpan<byte> bytes)
    {
        Place place = _places[tensor];
        RandomAccess.Write(_file.SafeFileHandle, bytes, place.Next);
        place.Checksum.Append(bytes);
        place.Next += bytes.Length;
    }

    /// <summary>Writes the header and flushes everything to the disk.</summary>
    /// <param name="sourceChecksum">The checksum of the weights that all this was made from; 16 characters.</param>
    public void Finish(string sourceChecksum)
    {
        byte[] header = Header(name => HeaderChecksum.Text(_places[name].Checksum.GetCurrentHashAsUInt64()), sourceChecksum);
        HeaderChecksum.Stamp(header);
        RandomAccess.Write(_file.SafeFileHandle, header, 0);
        DiskFlush.File(_file);
    }

    public void Dispose() => _file.Dispose();

    private byte[] Header(Func<string, string> checksum, string source)
    {
        List<KeyValuePair<string, string>> metadata =
        [
            new(HeaderChecksum.SealKey, HeaderChecksum.Blank),
            new(HeaderChecksum.ConfigKey, HeaderChecksum.Text(_configChecksum)),
            new(HeaderChecksum.DataKey, _tensors.Sum(tensor => tensor.Bytes).ToString(CultureInfo.InvariantCulture)),
            new(HeaderChecksum.SourceKey, source),
            // Transformers reads only files that say so.
            new("format", "pt"),
            .. _tensors.Select(tensor => new KeyValuePair<string, string>(HeaderChecksum.TensorKey + tensor.Name, checksum(tensor.Name))),
        ];
        return SafetensorsHeaderWriter.Build(_tensors.Select(tensor => (tensor.Name, tensor.Type, tensor.Shape)), metadata, Alignment);
    }

    // Where the next bytes of a tensor go, and the checksum of those before.
    private sealed class Place
    {
        public required long Next { get; set; }

        public Crc64 Checksum { get; } = new();
    }
}
