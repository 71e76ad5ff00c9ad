namespace ParScale.Training.Data.Parquet;

/// <summary>Reads parts of a file at any place.</summary>
internal sealed class FileRegion(FileStream file)
{
    public long Length { get; } = file.Length;

    /// <exception cref="InvalidDataException">The part does not lie in the file.</exception>
    public ReadOnlyMemory<byte> Read(long start, int count)
    {
        if (start < 0 || count < 0 || start > Length - count) throw new InvalidDataException("a part of it lies beyond its end");
        byte[] bytes = new byte[count];
        for (int done = 0; done < count;)
        {
            int read = RandomAccess.Read(file.SafeFileHandle, bytes.AsSpan(done), start + done);
            if (read == 0) throw new InvalidDataException("it became shorter while it was read");
            done += read;
        }
        return bytes;
    }
}
