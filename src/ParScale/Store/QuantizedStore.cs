using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Quantization;

namespace ParScale.Store;

/// <summary>
/// Keeps the quantised weights of float models for the next start, which then maps them: one folder for each source and type, made once
/// whichever process comes first. Nothing in it is trusted: what does not fit its source or its checksums is made again.
/// </summary>
public sealed class QuantizedStore
{
    private const string RoomName = "quantized";

    private readonly string _room;

    /// <summary>A store in a folder, which need not be there yet.</summary>
    public QuantizedStore(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _room = Path.Combine(Folder = Path.GetFullPath(folder), RoomName);
    }

    /// <summary>The folder of the store.</summary>
    public string Folder { get; }

    /// <summary>What is kept, by model and type. Folders that are not the store's own, or not whole, are left out.</summary>
    public IReadOnlyList<KeptFolder> List()
    {
        if (!Directory.Exists(_room)) return [];
        return [.. from model in Directory.EnumerateDirectories(_room)
                   from source in Directory.EnumerateDirectories(model)
                   from type in (WeightDtype[])[WeightDtype.Q8, WeightDtype.Q4]
                   let kept = Describe(Path.Combine(source, QuantizedFolder.Name(type)), type)
                   where kept is not null
                   orderby kept.Model, kept.Commit, kept.Dtype
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
        using (FileLock.Take(LockOf(kept.Path), () => { }, CancellationToken.None)) Directory.Delete(kept.Path, recursive: true);
        // Only locks and what a kill left are beside it; the last one to go takes the folders along.
        if (Directory.EnumerateDirectories(source).Any(folder => Path.GetFileName(folder)[0] != '.')) return;
        Directory.Delete(source, recursive: true);
        if (!Directory.EnumerateFileSystemEntries(model).Any()) Directory.Delete(model);
    }

    /// <summary>Compares every byte of a kept folder with its checksums.</summary>
    /// <exception cref="ParScaleException">It is damaged (QC-01 to QC-08).</exception>
    public static void Verify(KeptFolder kept)
    {
        ArgumentNullException.ThrowIfNull(kept);
        using var checkpoint = Checkpoint.Open(kept.Path);
        QuantizedCheck.Require(checkpoint.Get(ModelTensors.EmbeddingName).File);
    }

    /// <summary>Where the copy of a source is, or would be.</summary>
    internal string PathOf(ModelSource source, WeightDtype type) => Path.Combine(_room, source.Place, QuantizedFolder.Name(type));

    /// <summary>
    /// The folder with the quantised copy of a source, made now when there is none that fits; null when none can be kept, which is
    /// noted. That its weights are as they were written is proved when they are loaded.
    /// </summary>
    /// <param name="source">The float weights.</param>
    /// <param name="type">What to quantise to.</param>
    /// <param name="note">Told what was made, and why something was made again or cannot be kept.</param>
    /// <param name="progress">Told the share that is done while quantising, 0 to 1.</param>
    /// <param name="cancellationToken">Stops the work; nothing is left behind.</param>
    /// <exception cref="ParScaleException">The source is malformed.</exception>
    internal string? Prepare(ModelSource source, WeightDtype type, Action<string> note, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        string folder = PathOf(source, type), name = QuantizedFolder.Name(type);
        if (Problem(folder, source, type) is null) return Use(folder);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
            using var _ = FileLock.Take(LockOf(folder), () => note($"waiting for another process that quantises {source.Title} to {name}"), cancellationToken);
            if (Problem(folder, source, type) is not { } problem) return Use(folder);
            if (Directory.Exists(folder))
            {
                note($"the kept {name} weights of {source.Title} are made again: {problem}");
                Directory.Delete(folder, recursive: true);
            }
            RemoveUnfinished(folder);
            var from = new MadeFrom(source.Name, source.Commit, source.Folder, source.Identity());
            QuantizeReport report = Quantizer.Run(source.Folder, folder, type, replace: false, from.Write, progress, cancellationToken);
            note($"quantised {source.Title} to {name} ({report.Bytes / 1e9:F2} GB) and kept it for the next start in {ParScaleException.Quote(folder)}");
            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ParScaleException { Kind: ErrorKind.Io })
        {
            note($"the {name} weights are made in memory and not kept: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}; set PARSCALE_CACHE to a folder with room");
        }
        catch (ParScaleException e) when (e.Code == "ST-24")
        {
            // Loading tells of such weights and runs; a copy would hide them.
            note($"the {name} weights are made in memory and not kept: {e.Message}");
        }
        return null;
    }

    /// <summary>Removes a copy that turned out to be damaged.</summary>
    /// <exception cref="IOException">The system refused.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be changed.</exception>
    internal static void Discard(string folder) => Directory.Delete(folder, recursive: true);

    // Why a folder is not the copy of its source that it should be; null when it is. Looks at headers and identities alone.
    private static string? Problem(string folder, ModelSource source, WeightDtype type)
    {
        if (!Directory.Exists(folder)) return "they are not there";
        try
        {
            if (MadeFrom.Read(folder) is not { } from) return "they do not tell what they were made from";
            if (from.Identity != source.Identity()) return "the files that they were made from have changed";
            HeaderChecksum.Require(folder);
            return CheckpointConfig.Load(folder).QuantizedType == type ? null : "they are of another type";
        }
        catch (Exception e) when (e is ParScaleException or IOException or UnauthorizedAccessException)
        {
            return QuantizedFault.WithoutCure(e.Message);
        }
    }

    // Whoever may not write the folder may still run from it.
    private static string Use(string folder)
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

    private static KeptFolder? Describe(string folder, WeightDtype type)
    {
        if (MadeFrom.Read(folder) is not { } from) return null;
        long bytes = new DirectoryInfo(folder).EnumerateFiles().Sum(file => file.Length);
        return new KeptFolder(folder, from.Model ?? from.Folder, from.Commit, type, bytes, File.GetLastWriteTimeUtc(MadeFrom.PathIn(folder)));
    }

    private static string LockOf(string folder) => $"{folder}.lock";

    // What a killed process left; the lock says that no other one is at work.
    private static void RemoveUnfinished(string folder)
    {
        string parent = Path.GetDirectoryName(folder)!;
        foreach (string left in Directory.GetDirectories(parent, $".{Path.GetFileName(folder)}.*")) Directory.Delete(left, recursive: true);
    }
}
