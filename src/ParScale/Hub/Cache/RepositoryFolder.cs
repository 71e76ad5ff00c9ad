namespace ParScale.Hub.Cache;

/// <summary>
/// Where Python's <c>huggingface_hub</c> keeps a model: contents in <c>blobs</c> under the hub's name for them, one folder of links per commit
/// in <c>snapshots</c>, in <c>refs</c> the commit that a branch or tag stood for, in <c>.no_exist</c> which files a commit does not have, and
/// beside all models their lock files.
/// </summary>
/// <param name="cache">The folder of the cache.</param>
/// <param name="id"><c>org/name</c>.</param>
internal sealed class RepositoryFolder(string cache, string id)
{
    private const string Prefix = "models--";
    private const string Separator = "--";
    private const string SnapshotsName = "snapshots";
    private const string UseName = "parscale.lock";

    public string Id => id;

    public string Folder => Path.Combine(cache, NameOf(id));

    public string Blobs => Path.Combine(Folder, "blobs");

    public string References => Path.Combine(Folder, "refs");

    public string Snapshots => Path.Combine(Folder, SnapshotsName);

    public string Locks => Path.Combine(cache, ".locks", NameOf(id));

    public string Blob(string etag) => Path.Combine(Blobs, etag);

    // A name of our own: other clients write ETAG.incomplete without lock or check, and may have it open while we do.
    /// <summary>What came so far of a blob.</summary>
    public string Partial(string etag) => Blob(etag) + ".parscale.incomplete";

    public string Lock(string etag) => Path.Combine(Locks, etag + ".lock");

    /// <summary>The lock that is shared by those who read or fetch snapshots of the model, and taken alone by whoever removes one.</summary>
    public string Use => Path.Combine(Locks, UseName);

    /// <summary>That lock of the model whose snapshot a folder is; null for another folder.</summary>
    public static string? UseOf(string folder)
    {
        string? snapshots = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))), repository = Path.GetDirectoryName(snapshots);
        return Path.GetFileName(snapshots) == SnapshotsName && Path.GetFileName(repository)!.StartsWith(Prefix, StringComparison.Ordinal)
            ? new RepositoryFolder(Path.GetDirectoryName(repository)!, IdOf(Path.GetFileName(repository)!)).Use
            : null;
    }

    public string Reference(string revision) => Path.Combine(References, Native(revision));

    public string Snapshot(string commit) => Path.Combine(Snapshots, commit);

    public string SnapshotFile(string commit, string path) => Path.Combine(Snapshot(commit), Native(path));

    public string Absent(string commit) => Path.Combine(Folder, ".no_exist", commit);

    /// <summary>What newer versions of the Python client know of a commit's files; written by them alone.</summary>
    public string Tree(string commit) => Path.Combine(Folder, "trees", commit + ".json");

    /// <summary>The commit that a revision stands for, as of the last fetch; null when that is not known.</summary>
    public string? Resolve(ModelName name)
    {
        if (name.IsCommit) return name.Revision;
        try
        {
            string commit = File.ReadAllText(Reference(name.Revision)).Trim();
            return ModelName.IsCommitHash(commit) ? commit : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>All models in a cache whose names can be given, in order.</summary>
    public static IEnumerable<RepositoryFolder> In(string cache) => !Directory.Exists(cache)
        ? []
        : Directory.GetDirectories(cache, Prefix + "*").Select(folder => IdOf(Path.GetFileName(folder)))
            .Where(id => ModelName.TryParse(id, out _)).Order(StringComparer.Ordinal).Select(id => new RepositoryFolder(cache, id));

    private static string NameOf(string id) => Prefix + id.Replace("/", Separator, StringComparison.Ordinal);

    private static string IdOf(string folder) => folder[Prefix.Length..].Replace(Separator, "/", StringComparison.Ordinal);

    private static string Native(string path) => path.Replace('/', Path.DirectorySeparatorChar);
}
