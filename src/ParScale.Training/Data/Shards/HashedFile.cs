using System.Security.Cryptography;
using ParScale.Files;

namespace ParScale.Training.Data.Shards;

/// <summary>A new file whose SHA-256 is known when it is complete.</summary>
internal sealed class HashedFile(string path) : IDisposable
{
    private const int BufferBytes = 1 << 16;

    private readonly FileStream _stream = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public void Write(ReadOnlySpan<byte> bytes)
    {
        _stream.Write(bytes);
        _hash.AppendData(bytes);
    }

    /// <summary>Flushes to the disk; returns the hash in lower-case hexadecimal.</summary>
    public string Complete()
    {
        DiskFlush.File(_stream);
        return Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    public void Dispose()
    {
        _stream.Dispose();
        _hash.Dispose();
    }
}
