namespace ParScale.Hub.Cache;

/// <summary>Removes a snapshot in an order that leaves a usable cache whenever it is stopped.</summary>
internal static class SnapshotRemover
{
    public static long Remove(RepositoryFolder repository, CachedSnapshot snapshot)
    {
        foreach ((string revision, string commit) in SnapshotReader.References(repository))
            if (commit == snapshot.Commit) File.Delete(repository.Reference(revision));
        if (File.Exists(repository.Tree(snapshot.Commit))) File.Delete(repository.Tree(snapshot.Commit));
        DeleteFolder(repository.Absent(snapshot.Commit));
        // Without links the contents lie in the snapshot itself.
        long freed = Directory.Exists(snapshot.Folder) ? SnapshotReader.Files(snapshot.Folder).Where(file => file.Blob.StartsWith(snapshot.Folder, StringComparison.Ordinal)).Sum(file => file.Bytes) : 0;
        DeleteFolder(snapshot.Folder);
        freed += RemoveUnusedBlobs(repository);
        if (IsEmpty(repository.Snapshots) && IsEmpty(repository.Blobs)) DeleteFolder(repository.Folder);
        return freed;
    }

    private static long RemoveUnusedBlobs(RepositoryFolder repository)
    {
        if (!Directory.Exists(repository.Blobs)) return 0;
        long freed = 0;
        foreach (string path in Directory.GetFiles(repository.Blobs))
        {
            string etag = Path.GetFileName(path).Split('.')[0];
            // Held by whoever is fetching it, and will link to it then.
            using BlobLock? held = BlobLock.TryTake(repository.Lock(etag));
            if (held is null || UsedBlobs(repository).Contains(path)) continue;
            long length = new FileInfo(path).LinkTarget is null ? new FileInfo(path).Length : 0;
            File.Delete(path);
            freed += length;
        }
        return freed;
    }

    private static HashSet<string> UsedBlobs(RepositoryFolder repository) => !Directory.Exists(repository.Snapshots)
        ? []
        : [.. Directory.GetDirectories(repository.Snapshots).SelectMany(SnapshotReader.Files).Select(file => file.Blob)];

    private static bool IsEmpty(string folder) => !Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder).Any();

    private static void DeleteFolder(string folder)
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }
}
