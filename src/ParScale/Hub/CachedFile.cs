namespace ParScale.Hub;

/// <summary>A file of a snapshot in the cache.</summary>
/// <param name="Path">Its path in the snapshot, with <c>/</c>.</param>
/// <param name="Blob">Where its content lies: the file under <c>blobs</c>, or that in the snapshot where there are no links.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Hash">What its content hashes to by the name of the blob: SHA-256 or git's SHA-1, in hexadecimal. Null where the name is no hash.</param>
public sealed record CachedFile(string Path, string Blob, long Bytes, string? Hash);
