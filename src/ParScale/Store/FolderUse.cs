using ParScale.Hub.Cache;

namespace ParScale.Store;

/// <summary>Keeps a folder of the store, or a snapshot of the hub's cache, from being removed while it is read or filled.</summary>
internal static class FolderUse
{
    /// <summary>Begins to use a folder; waits while another process removes it. Null for a folder that is neither, or where no lock can be made.</summary>
    public static IDisposable? Begin(string folder, CancellationToken cancellationToken = default)
    {
        if ((ModelStore.LockOfKept(folder) ?? RepositoryFolder.UseOf(folder)) is not { } path) return null;
        try
        {
            return FileLock.Share(path, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Whoever may not write there may still run from it.
            return null;
        }
    }
}
