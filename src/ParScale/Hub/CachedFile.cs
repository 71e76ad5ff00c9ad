namespace ParScale.Hub;

/// <summary>A file of a snapshot in the cache.</summary>
/// <param name="Path">Its path in the snapshot, with <c>/</c>.</param>
/// <param name="Blob">Where its content lies: the file under <c>blobs</c>, or that in the snapshot where there are no links.</param>
/// <param name="Bytes">Its length.</param>
public sealed record CachedFile(string Path, string Blob, long Bytes);
