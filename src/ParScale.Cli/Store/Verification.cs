using ParScale.Checkpoints;
using ParScale.Hub;
using ParScale.Quantization;
using ParScale.Store;

namespace ParScale.Cli.Store;

/// <summary>Compares the files of models with what they should be.</summary>
internal static class Verification
{
    /// <summary>A model fetched from the hub: every file against the hash that it is named by.</summary>
    public static async Task<VerifyRow> OfAsync(HubCache cache, CachedSnapshot snapshot, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        IReadOnlyList<CachedFile> damaged = await cache.VerifyAsync(snapshot, progress, cancellation).ConfigureAwait(false);
        return new VerifyRow
        {
            Name = snapshot.Name.ToString(),
            Commit = snapshot.Commit,
            Check = "hub",
            Files = snapshot.Files.Count,
            Bytes = snapshot.Bytes,
            Damaged = [.. damaged.Select(file => new DamagedFile(file.Path, file.Blob, "its bytes do not have the hash that the hub gave"))],
            Folder = snapshot.Folder,
        };
    }

    /// <summary>A quantised copy: every byte of its weights and config against its checksums.</summary>
    public static VerifyRow Of(KeptFolder kept) => OfFolder(kept.Path) with { Name = $"{kept.Model} ({kept.Kind})", Commit = kept.Commit };

    /// <summary>Any model folder.</summary>
    public static VerifyRow OfFolder(string folder)
    {
        FileInfo[] files = [.. new DirectoryInfo(folder).EnumerateFiles()];
        (string check, ParScaleException? problem) = Check(folder);
        return new VerifyRow
        {
            Name = folder,
            Commit = null,
            Check = check,
            Files = files.Length,
            Bytes = files.Sum(file => (file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file).Length),
            Damaged = problem is null ? [] : [new DamagedFile(HeaderChecksum.WeightsName, Path.Combine(folder, HeaderChecksum.WeightsName), problem.Message)],
            Folder = folder,
        };
    }

    // A float folder that does not load is bad input and not a broken hash: its own error says what is wrong.
    private static (string Check, ParScaleException? Problem) Check(string folder)
    {
        try
        {
            using var checkpoint = Checkpoint.Open(folder);
            if (checkpoint.Config.QuantizedType is null) return ("form", null);
            QuantizedCheck.Require(checkpoint.Get(ModelTensors.EmbeddingName).File);
            return ("checksums", null);
        }
        catch (ParScaleException problem) when (problem.Kind == ErrorKind.HashMismatch)
        {
            return ("checksums", problem);
        }
    }
}
