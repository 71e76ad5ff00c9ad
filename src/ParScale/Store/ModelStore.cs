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
    private const string LocksName = "locks";

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

    /// <summary>Removes a kept folder, once no other process loads or makes it. A program that runs from it keeps its weights.</summary>
    /// <exception cref="IOException">The system refused.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be changed.</exception>
    public void Remove(KeptFolder kept) => Remove(kept, () => { }, CancellationToken.None);

    /// <inheritdoc cref="Remove(KeptFolder)"/>
    /// <param name="kept">The folder.</param>
    /// <param name="waiting">Called once when another process is at it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Bytes that were freed.</returns>
    internal long Remove(KeptFolder kept, Action waiting, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(kept);
        string source = Path.GetDirectoryName(kept.Path)!;
        if (Path.GetDirectoryName(Path.GetDirectoryName(source)) != _room) throw new ArgumentException("the folder is not of this store", nameof(kept));
        long freed = 0;
        using (Lock(kept.Path, waiting, cancellationToken))
        {
            // Another process may have made it anew, or removed it.
            if (Directory.Exists(kept.Path))
            {
                freed = Bytes(kept.Path);
                Directory.Delete(kept.Path, recursive: true);
            }
        }
        RemoveEmpty(source);
        return freed;
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
        var taken = FileLock.Take(LockOf(folder), waiting, cancellationToken);
        try
        {
            string parent = Path.GetDirectoryName(folder)!;
            Directory.CreateDirectory(parent);
            foreach (string left in Directory.GetDirectories(parent, $".{Path.GetFileName(folder)}.*")) Directory.Delete(left, recursive: true);
            return taken;
        }
        catch
        {
            taken.Dispose();
            throw;
        }
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

    /// <summary>The lock of a folder that is kept in a store; null for any other folder.</summary>
    internal static string? LockOfKept(string folder) =>
        File.Exists(MadeFrom.PathIn(folder)) && LockOf(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))) is var path && File.Exists(path) ? path : null;

    // Outside the folders that are removed: whoever waits for a lock waits for this file.
    private static string LockOf(string folder)
    {
        string? source = Path.GetDirectoryName(folder), model = Path.GetDirectoryName(source);
        string store = Path.GetFullPath(Path.Combine(folder, "..", "..", "..", ".."));
        return Path.Combine(store, LocksName, Path.GetFileName(model) ?? "", $"{Path.GetFileName(source)}.{Path.GetFileName(folder)}.lock");
    }

    // Whoever makes another kind of the same source holds its lock. What a kill left goes along.
    private static void RemoveEmpty(string source)
    {
        List<FileLock> held = [];
        try
        {
            foreach ((string kind, _) in Kinds)
            {
                if (FileLock.TryTake(LockOf(Path.Combine(source, kind))) is not { } taken) return;
                held.Add(taken);
            }
            if (!Directory.Exists(source) || Directory.EnumerateDirectories(source).Any(folder => Path.GetFileName(folder)[0] != '.')) return;
            Directory.Delete(source, recursive: true);
            string model = Path.GetDirectoryName(source)!;
            if (!Directory.EnumerateFileSystemEntries(model).Any()) Directory.Delete(model);
        }
        finally
        {
            foreach (FileLock each in held) each.Dispose();
        }
    }

    private static long Bytes(string folder) => new DirectoryInfo(folder).EnumerateFiles().Sum(file => file.Length);

    private static KeptFolder? Describe(string folder, WeightDtype? type)
    {
        if (MadeFrom.Read(folder) is not { } from) return null;
        return new KeptFolder(folder, from.Model ?? from.Folder, from.Commit, type, Bytes(folder), File.GetLastWriteTimeUtc(MadeFrom.PathIn(folder)), from.Folder);
    }
}
