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
        string path = Path.GetFullPath(text);
        bool isName = ModelName.TryParse(text, out ModelName name), all = !text.Contains('@', StringComparison.Ordinal);
        HashSet<string> commits = [.. isName ? [name.Revision] : Array.Empty<string>(), .. SnapshotsOf(text).Select(snapshot => snapshot.Commit)];
        return [.. Kept.Where(kept => kept.Commit is not { } commit ? kept.Model == path : isName && kept.Model == name.Id && (all || commits.Contains(commit)))];
    }

    /// <summary>Whether what was fetched is still here.</summary>
    public bool HasSource(KeptFolder kept) => kept.Commit is null ? Directory.Exists(kept.Source) : Snapshots.Any(snapshot => snapshot.Commit == kept.Commit);

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
