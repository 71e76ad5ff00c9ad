using ParScale.Kernels.Formats;
using ParScale.Quantization;

namespace ParScale.Store;

/// <summary>
/// What was made from models and is kept for the next start: quantised weights, which it then maps, and streams that were fetched without
/// their backbone. One folder for each model, commit and kind, made once whichever process comes first. Nothing in it is trusted: what does
/// not fit its source or its checksums is made again.
/// </summary>
public sealed class ModelStore
{
    /// <summary>The environment variable that names the folder of the store.</summary>
    public const string Variable = "PARSCALE_CACHE";

    private const string DefaultName = "parscale";
    private const string RoomName = "models";
    private const string StreamsName = "streams";

    // The kinds of folders, by their names.
    private static readonly (string Name, WeightDtype? Type)[] Kinds =
        [(QuantizedFolder.Name(WeightDtype.Q8), WeightDtype.Q8), (QuantizedFolder.Name(WeightDtype.Q4), WeightDtype.Q4), (StreamsName, null)];

    private readonly string _room;

    /// <summary>A store in a folder, which need not be there yet.</summary>
    public ModelStore(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _room = Path.Combine(Folder = Path.GetFullPath(folder), RoomName);
    }

    /// <summary>
    /// The store that <see cref="Variable"/> names, else the folder <c>parscale</c> beside a hub cache: not inside it, where other programs
    /// would take it for a damaged model.
    /// </summary>
    /// <param name="hubCache">The folder of the hub cache.</param>
    public static ModelStore Beside(string hubCache) => new(Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder
        ? folder
        : Path.Combine(Path.GetDirectoryName(Path.GetFullPath(hubCache)) ?? hubCache, DefaultName));

    /// <summary>The folder of the store.</summary>
    public string Folder { get; }

    /// <summary>What is kept, by model and kind. Folders that are not the store's own, or not whole, are left out.</summary>
    public IReadOnlyList<KeptFolder> List()
    {
        if (!Directory.Exists(_room)) return [];
        return [.. from model in Directory.EnumerateDirectories(_room)
                   from source in Directory.EnumerateDirectories(model)
                   from kind in Kinds
                   let kept = Describe(Path.Combine(source, kind.Name), kind.Type)
                   where kept is not null
                   orderby kept.Model, kept.Commit, kept.Kind descending
                   select kept];
    }

    /// <summary>Removes a kept folder. A program that runs from it keeps its weights.</summary>
    /// <exception cref="IOException">The system refused.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be changed.</exception>
    public void Remove(KeptFolder kept)
    {
        ArgumentNullException.ThrowIfNull(kept);
        string source = Path.GetDirectoryName(kept.Path)!, model = Path.GetDirectoryName(source)!;
        if (Path.GetDirectoryName(model) != _room) throw new ArgumentException("the folder is not of this store", nameof(kept));
        using (Lock(kept.Path, () => { }, CancellationToken.None)) Directory.Delete(kept.Path, recursive: true);
        // Only locks and what a kill left are beside it; the last one to go takes the folders along.
        if (Directory.EnumerateDirectories(source).Any(folder => Path.GetFileName(folder)[0] != '.')) return;
        Directory.Delete(source, recursive: true);
        if (!Directory.EnumerateFileSystemEntries(model).Any()) Directory.Delete(model);
    }

    /// <summary>Where the quantised copy of a source is, or would be.</summary>
    internal string PathOf(ModelSource source, WeightDtype type) => Path.Combine(_room, source.Place, QuantizedFolder.Name(type));

    /// <summary>Where the streams of a source are, or would be.</summary>
    internal string PathOfStreams(ModelSource source) => Path.Combine(_room, source.Place, StreamsName);

    /// <summary>
    /// Lets one process make a folder of the store at a time, and removes what a killed one left. <paramref name="waiting"/> is called once
    /// when another process is at it.
    /// </summary>
    /// <exception cref="IOException">The store cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The store may not be written.</exception>
    internal static IDisposable Lock(string folder, Action waiting, CancellationToken cancellationToken)
    {
        string parent = Path.GetDirectoryName(folder)!;
        Directory.CreateDirectory(parent);
        var taken = FileLock.Take($"{folder}.lock", waiting, cancellationToken);
        foreach (string left in Directory.GetDirectories(parent, $".{Path.GetFileName(folder)}.*")) Directory.Delete(left, recursive: true);
        return taken;
    }

    /// <summary>Remembers that a kept folder is used now; whoever may not write it may still run from it.</summary>
    internal static string Use(string folder)
    {
        try
        {
            File.SetLastWriteTimeUtc(MadeFrom.PathIn(folder), DateTime.UtcNow);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
        return folder;
    }

    private static KeptFolder? Describe(string folder, WeightDtype? type)
    {
        if (MadeFrom.Read(folder) is not { } from) return null;
        long bytes = new DirectoryInfo(folder).EnumerateFiles().Sum(file => file.Length);
        return new KeptFolder(folder, from.Model ?? from.Folder, from.Commit, type, bytes, File.GetLastWriteTimeUtc(MadeFrom.PathIn(folder)), from.Folder);
    }
}
