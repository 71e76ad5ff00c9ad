namespace ParScale.Hub;

/// <summary>A file of a model at one commit, as the hub describes it.</summary>
/// <param name="Path">Its path in the repository, with <c>/</c>.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="ETag">What the hub calls its content; the name of its blob in the cache. On the hub itself this is <paramref name="Hash"/>.</param>
/// <param name="Hash">What its content must hash to, in hexadecimal: 64 digits of SHA-256 for large files, 40 of git's SHA-1 for small ones.</param>
public sealed record HubFile(string Path, long Bytes, string ETag, string Hash)
{
    /// <summary>Bytes of it that are in the cache already; <see cref="Bytes"/> when it is complete.</summary>
    public long BytesCached { get; init; }
}
