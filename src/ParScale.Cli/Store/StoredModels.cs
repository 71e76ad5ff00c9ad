using ParScale.Hub;
using ParScale.Store;

namespace ParScale.Cli.Store;

/// <summary>The models on this machine that a user can name.</summary>
internal sealed class StoredModels(HubCache cache, ModelStore store)
{
    /// <summary>What was fetched.</summary>
    public IReadOnlyList<CachedSnapshot> Snapshots { get; } = cache.List();

    /// <summary>What was quantised from it, or from folders, and kept.</summary>
    public IReadOnlyList<KeptFolder> Kept { get; } = store.List();

    /// <summary>The fetched ones that a name means: one revision, or all of them for a name without.</summary>
    public IReadOnlyList<CachedSnapshot> SnapshotsOf(string text) => ModelName.TryParse(text, out ModelName name)
        ? [.. Snapshots.Where(snapshot => snapshot.Name.Id == name.Id && (!text.Contains('@', StringComparison.Ordinal) || IsAt(snapshot, name.Revision)))]
        : [];

    /// <summary>The kept ones of a name, or of the folder at that path.</summary>
    public IReadOnlyList<KeptFolder> KeptOf(string text)
    {
        if (Directory.Exists(text)) return [.. Kept.Where(kept => kept.Commit is null && kept.Model == Path.GetFullPath(text))];
        if (!ModelName.TryParse(text, out ModelName name)) return [];
        bool all = !text.Contains('@', StringComparison.Ordinal);
        HashSet<string> commits = [name.Revision, .. SnapshotsOf(text).Select(snapshot => snapshot.Commit)];
        return [.. Kept.Where(kept => kept.Model == name.Id && (all || (kept.Commit is { } commit && commits.Contains(commit))))];
    }

    /// <summary>Whether a snapshot holds no more than a plan needs, because its streams are kept and its backbone is another model's.</summary>
    public bool IsStreamsAlone(CachedSnapshot snapshot) =>
        snapshot.Missing.Count > 0 && Kept.Any(kept => kept.Dtype is null && kept.Model == snapshot.Name.Id && kept.Commit == snapshot.Commit);

    /// <summary>The error for a name of which there is nothing.</summary>
    public ParScaleException Unknown(string text)
    {
        string there = string.Join(", ", Snapshots.Select(snapshot => snapshot.Name.Id).Distinct().Take(5));
        return new ParScaleException(ErrorKind.BadInput, "LS-01",
            $"there is no model {ParScaleException.Quote(text)} on this machine; {(there.Length == 0 ? "none was fetched yet" : $"`parscale list` shows those there are: {there}")}");
    }

    private static bool IsAt(CachedSnapshot snapshot, string revision) => snapshot.Commit == revision || snapshot.References.Contains(revision);
}
