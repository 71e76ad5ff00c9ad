using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Quantization;

namespace ParScale.Store;

/// <summary>Makes the quantised copy of a model in a store, once.</summary>
internal static class QuantizedCopy
{
    /// <summary>
    /// The folder with the quantised copy of a source, made now when there is none that fits; null when none can be kept, which is
    /// noted. That its weights are as they were written is proved when they are loaded.
    /// </summary>
    /// <param name="store">Where it is kept.</param>
    /// <param name="source">The float weights.</param>
    /// <param name="type">What to quantise to.</param>
    /// <param name="note">Told what was made, and why something was made again or cannot be kept.</param>
    /// <param name="progress">Told the share that is done while quantising, 0 to 1.</param>
    /// <param name="cancellationToken">Stops the work; nothing is left behind.</param>
    /// <exception cref="ParScaleException">The source is malformed.</exception>
    public static string? Prepare(
        ModelStore store, ModelSource source, WeightDtype type, Action<string> note, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        string folder = store.PathOf(source, type), name = QuantizedFolder.Name(type);
        if (Problem(folder, source, type) is null) return ModelStore.Use(folder);
        try
        {
            using IDisposable? use = FolderUse.Begin(source.Folder, cancellationToken);
            using IDisposable _ = ModelStore.Lock(folder, () => note($"waiting for another process that quantises {source.Title} to {name}"), cancellationToken);
            if (Problem(folder, source, type) is not { } problem) return ModelStore.Use(folder);
            if (Directory.Exists(folder))
            {
                note($"the kept {name} weights of {source.Title} are made again: {problem}");
                Directory.Delete(folder, recursive: true);
            }
            var from = new MadeFrom(source.Name, source.Commit, Path.GetFullPath(source.Folder), source.Identity());
            QuantizeReport report = Quantizer.Run(source.Folder, folder, type, replace: false, from.Write, progress, cancellationToken);
            note($"quantised {source.Title} to {name} ({report.Bytes / 1e9:F2} GB) and kept it for the next start in {ParScaleException.Quote(folder)}");
            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ParScaleException { Kind: ErrorKind.Io })
        {
            note($"the {name} weights are made in memory and not kept: {(e.InnerException ?? e).Message.ReplaceLineEndings(" ").TrimEnd('.')}; "
                + $"set {ModelStore.Variable} to a folder with room");
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
    public static void Discard(string folder)
    {
        using IDisposable _ = ModelStore.Lock(folder, () => { }, CancellationToken.None);
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

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
}
