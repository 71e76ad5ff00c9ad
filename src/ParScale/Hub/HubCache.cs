namespace ParScale.Hub;

/// <summary>
/// The cache on this machine's disk that Python's <c>huggingface_hub</c> uses too: what one of them fetched, the other finds.
/// </summary>
public sealed class HubCache
{
    /// <summary>The cache of the given folder; null takes the one that the environment variables name.</summary>
    public HubCache(string? folder = null) => Folder = folder ?? HubEnvironment.OfProcess.CacheFolder;

    /// <summary>The folder of the cache.</summary>
    public string Folder { get; }

    /// <summary>The folder of a model that is in the cache completely, at the commit that its revision stood for at the last fetch; else null.</summary>
    public string? Find(ModelName name) => throw new NotImplementedException(name.ToString());

    /// <summary>Every snapshot of every model, by name.</summary>
    public IReadOnlyList<CachedSnapshot> List() => throw new NotImplementedException();

    /// <summary>Removes a snapshot, what stands for it, and the contents that no other snapshot of the model uses.</summary>
    /// <returns>Bytes that were freed.</returns>
    public long Remove(CachedSnapshot snapshot) => throw new NotImplementedException(snapshot.Folder);

    /// <summary>Compares every file with the hash that it is named by.</summary>
    /// <returns>The files whose content is not what their name says.</returns>
    public Task<IReadOnlyList<CachedFile>> VerifyAsync(CachedSnapshot snapshot, IProgress<HubProgress>? progress = null, CancellationToken cancellation = default) =>
        throw new NotImplementedException($"{snapshot.Folder} {progress} {cancellation}");
}
