using ParScale.Files;
using ParScale.Kernels.Memory;

namespace ParScale.Checkpoints.Safetensors;

/// <summary>
/// A safetensors file, memory-mapped, with every number of its header proved against the file's length before use:
/// data of all tensors lies inside the file, without overlap and without gaps.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private const int CopyBytes = 1 << 26;

    private SafetensorsFile(string path, MappedFile data, SafetensorsHeader header)
    {
        Path = path;
        Data = data;
        Tensors = header.Tensors;
        Metadata = header.Metadata;
    }

    /// <summary>The path given to <see cref="Open"/>.</summary>
    public string Path { get; }

    /// <summary>All tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>The text pairs under <c>__metadata__</c>; empty when there are none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The mapped bytes that the tensors' offsets point into.</summary>
    internal MappedFile Data { get; }

    /// <summary>Maps a file and checks its header.</summary>
    /// <exception cref="ParScaleException">The file cannot be read or is malformed (ST-01 to ST-23, ST-29).</exception>
    public static SafetensorsFile Open(string path)
    {
        MappedFile data = Map(path);
        try
        {
            return new SafetensorsFile(path, data, SafetensorsHeader.Read(path, data));
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>The bytes of one tensor of this file, if they fit one span.</summary>
    /// <exception cref="OverflowException">The tensor is larger than 2 GiB.</exception>
    public ReadOnlySpan<byte> Bytes(TensorInfo tensor) => Data.Slice(tensor.Offset, checked((int)tensor.ByteLength));

    /// <summary>Some bytes of one tensor of this file, counted from its start.</summary>
    internal ReadOnlySpan<byte> Bytes(TensorInfo tensor, long start, int length) => Data.Slice(tensor.Offset + start, length);

    /// <summary>Writes the bytes of one tensor of this file, of any length, as they are.</summary>
    internal void CopyTo(TensorInfo tensor, Stream stream)
    {
        for (long done = 0; done < tensor.ByteLength; done += CopyBytes)
            stream.Write(Data.Slice(tensor.Offset + done, (int)Math.Min(CopyBytes, tensor.ByteLength - done)));
    }

    /// <inheritdoc/>
    public void Dispose() => Data.Dispose();

    private static MappedFile Map(string path)
    {
        FileStream file = InputFile.Open(path, "ST-01");
        try
        {
            return new MappedFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw InputFile.Unreadable(path, e);
        }
    }
}
