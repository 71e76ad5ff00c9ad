using ParScale.Files;
using ParScale.Hub.Cache;
using ParScale.Hub.Transfer;
using ParScale.Store;

namespace ParScale.Hub;

/// <summary>
/// The cache on this machine's disk that Python's <c>huggingface_hub</c> uses too: what one of them fetched, the other finds. Never touches
/// the network.
/// </summary>
public sealed class HubCache
{
    /// <summary>The cache of the given folder; null takes the one that the environment variables name.</summary>
    public HubCache(string? folder = null) => Folder = SystemPath.Full(folder ?? HubEnvironment.OfProcess.CacheFolder);

    /// <summary>The folder of the cache, from the root and without <c>..</c>, so that paths in it can be compared. It need not be there.</summary>
    public string Folder { get; }

    /// <summary>
    /// The folder of a model that is in the cache completely, at the commit that its revision stood for at the last fetch; else null.
    /// </summary>
    /// <exception cref="ParScaleException">The index of its weights is malformed.</exception>
    public string? Find(ModelName name) => Find(name, weights: true);

    internal string? Find(ModelName name, bool weights)
    {
        var repository = new RepositoryFolder(Folder, name.Id);
        return repository.Resolve(name) is { } commit && SnapshotReader.Missing(repository, commit, weights).Count == 0 ? repository.Snapshot(commit) : null;
    }

    /// <summary>Every snapshot of every model whose name can be given, by name.</summary>
    /// <exception cref="IOException">The cache cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The cache may not be read.</exception>
    public IReadOnlyList<CachedSnapshot> List() => [.. RepositoryFolder.In(Folder).SelectMany(SnapshotReader.Read)];

    /// <summary>
    /// Removes a snapshot, the branches and tags that stand for it, and the contents that no other snapshot of the model uses. Contents that
    /// another process is just fetching stay.
    /// </summary>
    /// <returns>Bytes that were freed.</returns>
    /// <exception cref="ParScaleException">The cache cannot be written (HB-22).</exception>
    public long Remove(CachedSnapshot snapshot) => Remove(snapshot, () => { }, () => { }, CancellationToken.None);

    /// <inheritdoc cref="Remove(CachedSnapshot)"/>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="waiting">Called once when another process loads or fetches the model.</param>
    /// <param name="require">Called when none does any more; throws where the snapshot must stay.</param>
    /// <param name="cancellation">Ends the wait.</param>
    internal long Remove(CachedSnapshot snapshot, Action waiting, Action require, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        var repository = new RepositoryFolder(Folder, snapshot.Name.Id);
        try
        {
            using FileLock alone = FileLock.Take(repository.Use, waiting, cancellation);
            require();
            return SnapshotRemover.Remove(repository, snapshot);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CacheFault.Of(e, Folder);
        }
    }

    /// <summary>Compares every file of a snapshot with its hash, where that is known (<see cref="CachedFile.Hash"/>).</summary>
    /// <returns>The files whose content is another.</returns>
    /// <exception cref="ParScaleException">A file cannot be read (IO-01).</exception>
    public async Task<IReadOnlyList<CachedFile>> VerifyAsync(
        CachedSnapshot snapshot, IProgress<HubProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        try
        {
            return await SnapshotVerifier.VerifyAsync(snapshot, progress, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ParScaleException(ErrorKind.Io, "IO-01", $"the cache {ParScaleException.Quote(Folder)} cannot be read: {e.Message.TrimEnd('.')}; check the disk", e);
        }
    }

    /// <summary>A folder, or for a model's name where no such folder is, its folder in the cache: for programs that fetch nothing.</summary>
    /// <exception cref="ParScaleException">The model is not in the cache (HB-18), or the index of its weights is malformed.</exception>
    internal string Resolve(string nameOrFolder) => Directory.Exists(nameOrFolder) || !ModelName.TryParse(nameOrFolder, out ModelName name)
        ? nameOrFolder
        : Find(name) ?? throw NotThere(name, weights: true, $"fetch it first: parscale pull {name}");

    /// <summary>The error for a model that is not in the cache and may not be fetched; names what is missing.</summary>
    internal ParScaleException NotThere(ModelName name, bool weights, string advice)
    {
        var repository = new RepositoryFolder(Folder, name.Id);
        string? commit = repository.Resolve(name) ?? SnapshotReader.Newest(repository);
        string state = commit is null || !Directory.Exists(repository.Snapshot(commit))
            ? $"is not in the cache {ParScaleException.Quote(Folder)}"
            : $"is in the cache without {string.Join(", ", SnapshotReader.Missing(repository, commit, weights).Select(ParScaleException.Quote).DefaultIfEmpty("a note which commit it stands for"))}";
        return HubAnswer.Network("HB-18", $"{name} {state}; {advice}");
    }
}
