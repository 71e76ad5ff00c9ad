namespace ParScale.Hub.Cache;

/// <summary>Reads what is in the cache of one model.</summary>
internal static class SnapshotReader
{
    /// <summary>Every snapshot of the model, by commit.</summary>
    public static IEnumerable<CachedSnapshot> Read(RepositoryFolder repository)
    {
        ILookup<string, string> references = References(repository).ToLookup(pair => pair.Commit, pair => pair.Revision);
        foreach (string commit in Commits(repository).Order(StringComparer.Ordinal)) yield return Read(repository, commit, [.. references[commit]]);
    }

    /// <summary>The commit whose folder was changed last; null when there is none.</summary>
    public static string? Newest(RepositoryFolder repository) =>
        Commits(repository).OrderByDescending(commit => Directory.GetLastWriteTimeUtc(repository.Snapshot(commit))).FirstOrDefault();

    /// <summary>Branches and tags, and the commits that they stood for.</summary>
    public static IEnumerable<(string Revision, string Commit)> References(RepositoryFolder repository)
    {
        if (!Directory.Exists(repository.References)) yield break;
        foreach (string file in Directory.EnumerateFiles(repository.References, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string revision = Relative(repository.References, file);
            if (ModelName.TryParse($"{repository.Id}@{revision}", out ModelName name) && repository.Resolve(name) is { } commit) yield return (revision, commit);
        }
    }

    /// <summary>The files of a snapshot, wherever their content lies. Links to nothing are left out.</summary>
    public static IReadOnlyList<CachedFile> Files(string snapshot) =>
        [.. Directory.EnumerateFiles(snapshot, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(path => Describe(snapshot, path)).OfType<CachedFile>()];

    /// <summary>
    /// What a snapshot lacks before it can be loaded. A tokenizer is not missing when it is noted that the repository has none; a client that
    /// fetched the weights alone makes no such note.
    /// </summary>
    /// <exception cref="ParScaleException">The index of its weights is malformed.</exception>
    public static IReadOnlyList<string> Missing(RepositoryFolder repository, string commit, bool weights)
    {
        IReadOnlyList<string> missing = weights ? ModelFiles.Missing(repository.Snapshot(commit)) : [];
        bool hasTokenizer = File.Exists(repository.SnapshotFile(commit, ModelFiles.Tokenizer))
            || (weights && File.Exists(Path.Combine(repository.Absent(commit), ModelFiles.Tokenizer)));
        return hasTokenizer ? missing : [.. missing, ModelFiles.Tokenizer];
    }

    private static CachedSnapshot Read(RepositoryFolder repository, string commit, string[] references)
    {
        string folder = repository.Snapshot(commit);
        IReadOnlyList<CachedFile> files = Files(folder);
        string revision = references.FirstOrDefault(reference => reference == ModelName.DefaultRevision) ?? references.FirstOrDefault() ?? commit;
        return new CachedSnapshot
        {
            Name = ModelName.Parse($"{repository.Id}@{revision}"),
            Commit = commit,
            Folder = folder,
            References = references,
            Files = files,
            Missing = MissingOrIndex(repository, commit),
            LastUsed = files.Select(file => File.GetLastAccessTimeUtc(file.Blob)).Append(Directory.GetCreationTimeUtc(folder)).Max(),
        };
    }

    private static IEnumerable<string> Commits(RepositoryFolder repository) => !Directory.Exists(repository.Snapshots)
        ? []
        : Directory.GetDirectories(repository.Snapshots).Select(folder => Path.GetFileName(folder)).Where(ModelName.IsCommitHash);

    private static IReadOnlyList<string> MissingOrIndex(RepositoryFolder repository, string commit)
    {
        try
        {
            return Missing(repository, commit, weights: true);
        }
        catch (ParScaleException)
        {
            // The index is malformed: a damaged model must not hide the others.
            return [ModelFiles.Index];
        }
    }

    private static CachedFile? Describe(string snapshot, string path)
    {
        if (SnapshotWriter.LengthOf(path) is not { } length) return null;
        string? target = new FileInfo(path).LinkTarget;
        string blob = target is null ? path : Path.GetFullPath(target, Path.GetDirectoryName(path)!);
        string name = Path.GetFileName(blob);
        return new CachedFile(Relative(snapshot, path), blob, length, target is not null && ContentHash.IsHash(name) ? name : null);
    }

    private static string Relative(string folder, string path) => Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/');
}
