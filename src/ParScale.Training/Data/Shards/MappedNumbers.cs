using System.IO.MemoryMappedFiles;
using ParScale.Files;

namespace ParScale.Training.Data.Shards;

/// <summary>A file of numbers of one width, little-endian, mapped into memory.</summary>
internal sealed class MappedNumbers : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    /// <exception cref="ParScaleException">The file is missing, or not of <paramref name="bytes"/> bytes.</exception>
    public MappedNumbers(string path, long bytes)
    {
        using FileStream file = InputFile.Open(path, "TD-07", "TD-13");
        if (file.Length != bytes)
            throw ParScaleException.BadInput("TD-07", path, $"has {file.Length} bytes, the index says {bytes}; run parscale-train data again");
        try
        {
            _file = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            _view = _file.CreateViewAccessor(0, bytes, MemoryMappedFileAccess.Read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw InputFile.Unreadable(path, e, "TD-13");
        }
    }

    public byte Byte(long index) => _view.ReadByte(index);

    public long Int64(long index) => _view.ReadInt64(index * sizeof(long));

    public ushort[] UInt16s(long start, int count) => Read<ushort>(start * sizeof(ushort), count);

    public uint[] UInt32s(long start, int count) => Read<uint>(start * sizeof(uint), count);

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }

    private T[] Read<T>(long position, int count) where T : struct
    {
        var numbers = new T[count];
        _view.ReadArray(position, numbers, 0, count);
        return numbers;
    }
}
