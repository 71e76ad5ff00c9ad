using System.Globalization;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Files;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using ParScale.Training.Runs;
using static TorchSharp.torch;

namespace ParScale.Training.Checkpointing;

/// <summary>
/// The files of a run: <c>checkpoint-N/</c> (the newest few), <c>best/</c>, <c>final/</c>. Every folder is written under
/// a temporary name, flushed, and renamed, so that what is there is whole. <c>run.lock</c> keeps a second trainer out. With a backbone
/// that stays as it is, they are add-ons to it. What the model of <paramref name="parent"/> has beside its weights goes into each.
/// </summary>
internal sealed class RunFolder(
    string path, string tokenizerFolder, TensorType saveType, BackboneReference? backbone = null, int keep = RunControl.DefaultKeep,
    string? parent = null) : IDisposable
{
    public const string BestName = "best";
    public const string FinalName = "final";
    private const string LockFile = "run.lock";
    private const string Prefix = "checkpoint-";

    private readonly DurableFolder _folders = new(path);
    private readonly HashSet<string> _skipped = [];
    private FileStream? _lock;

    public string Path { get; } = path;

    /// <summary>
    /// Makes the folder ready and keeps it locked until disposed: refuses a used one unless resuming, and removes what a
    /// killed run left half written.
    /// </summary>
    /// <exception cref="ParScaleException">The folder is used, cannot be created, or belongs to a running trainer.</exception>
    public void Prepare(bool resume)
    {
        if (File.Exists(Path)) throw ParScaleException.Usage("TR-11", $"-o {ParScaleException.Quote(Path)} is a file; give a folder");
        string lockPath = System.IO.Path.Combine(Path, LockFile);
        if (File.Exists(lockPath)) _lock = Lock(lockPath);
        if (!resume && Directory.Exists(Path) && Directory.EnumerateFileSystemEntries(Path).Any(entry => entry != lockPath))
            throw ParScaleException.Usage("TR-12", $"-o {ParScaleException.Quote(Path)} is not empty; "
                + "give --resume to continue it, or another folder");
        try
        {
            Directory.CreateDirectory(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ParScaleException(ErrorKind.Io, "TR-13", $"-o {ParScaleException.Quote(Path)} cannot be created; "
                + "check the path and its permissions", e);
        }
        _lock ??= Lock(lockPath);
        if (System.IO.Path.GetDirectoryName(SystemPath.Full(Path)) is { } parent) DiskFlush.Folder(parent);
        _folders.CleanUp();
    }

    /// <summary>Removes what an earlier end of the run reported: it is not true of one that has steps left.</summary>
    public void RemoveResult() => File.Delete(System.IO.Path.Combine(Path, RunResult.FileName));

    /// <summary>Lets the next trainer in.</summary>
    public void Dispose() => _lock?.Dispose();

    /// <summary>
    /// The newest whole checkpoint, every byte of it checked; null when there is none at all. Each newer one that is not whole is named
    /// on stderr and left as it is.
    /// </summary>
    /// <exception cref="ParScaleException">There are checkpoints, and none is whole; the id is that of the newest one's fault.</exception>
    public string? UsableCheckpoint()
    {
        CheckpointFault? first = null;
        (long Step, string Folder)[] all = Checkpoints();
        foreach ((long step, string folder) in all)
        {
            if (CheckpointCheck.Find(folder, step) is not { } fault) return folder;
            first ??= fault;
            _skipped.Add(folder);
            Console.Error.WriteLine($"note: skipped {System.IO.Path.GetFileName(folder)} ({fault.Code}): {fault.Reason}");
        }
        if (first is null) return null;
        throw ParScaleException.BadInput(first.Code, Path,
            $"no checkpoint can be used, of {all.Length}; the newest: {first.Reason}; restore one, or start again in another folder");
    }

    public void SaveCheckpoint(ParScaleLm model, AdamW optimizer, TrainerState state)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{state.Step}");
        _folders.Replace(name, folder =>
        {
            Dictionary<string, string> metadata = CheckpointCheck.Metadata(state.Step);
            ModelFolder.Save(model, folder, TensorType.F32, tokenizerFolder, backbone, metadata, parent);
            UnfoldedPrefixes.Save(model, folder, metadata);
            TensorToWrite[] moments = [.. optimizer.State.Select(s => TensorBytes.Write(s.Name, s.Value, TensorType.F32))];
            SafetensorsWriter.Write(System.IO.Path.Combine(folder, CheckpointCheck.OptimizerFile), moments, metadata);
            DurableFile.WriteText(System.IO.Path.Combine(folder, CheckpointCheck.StateFile), state.ToJson());
            DiskFlush.Folder(folder);
            CheckpointManifest.Write(folder, state.Step);
        });
        // A skipped one counts for nothing, and is not ours to delete; this save replaced it if it has the same step.
        _skipped.Remove(System.IO.Path.Combine(Path, name));
        foreach ((_, string old) in Checkpoints().Where(c => c.Step <= state.Step && !_skipped.Contains(c.Folder)).Skip(keep).ToArray())
            _folders.Remove(System.IO.Path.GetFileName(old));
    }

    /// <summary>Saves the plain model as <c>best</c>, which says the step that it is of.</summary>
    public void SaveBest(ParScaleLm model, long step) => SaveModel(model, BestName, CheckpointCheck.Metadata(step));

    /// <summary>Saves the plain model as <c>final</c>.</summary>
    public void SaveFinal(ParScaleLm model) => SaveModel(model, FinalName, metadata: null);

    /// <summary>Puts weights and moments of a checkpoint in place.</summary>
    /// <exception cref="ParScaleException">A tensor is missing or has another shape.</exception>
    public static void Restore(string checkpoint, ParScaleLm model, AdamW optimizer)
    {
        ModelFolder.LoadWeights(model, checkpoint);
        UnfoldedPrefixes.Load(model, checkpoint);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using SafetensorsFile file = SafetensorsFile.Open(System.IO.Path.Combine(checkpoint, CheckpointCheck.OptimizerFile));
        foreach ((string name, Tensor value) in optimizer.State)
        {
            if (!file.Tensors.TryGetValue(name, out TensorInfo? info) || !info.Shape.AsSpan().SequenceEqual(value.shape))
                throw ParScaleException.BadInput("TR-21", file.Path, $"tensor {ParScaleException.Quote(name)} is missing or has another shape");
            value.copy_(TensorBytes.Read(file, info));
        }
    }

    private void SaveModel(ParScaleLm model, string name, Dictionary<string, string>? metadata) =>
        _folders.Replace(name, folder => ModelFolder.Save(model, folder, saveType, tokenizerFolder, backbone, metadata, parent));

    /// <summary>The file stays when the run ends: were it deleted, two waiting trainers could each lock a file of that name.</summary>
    private FileStream Lock(string file)
    {
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ParScaleException(ErrorKind.Io, "CK-12",
                $"-o {ParScaleException.Quote(Path)} is in use by another trainer, or its {LockFile} may not be written; "
                + "wait, or give another folder", e);
        }
    }

    private (long Step, string Folder)[] Checkpoints() =>
    [
        .. Directory.EnumerateDirectories(Path, Prefix + "*")
            .Select(folder => (Step: StepOf(folder), Folder: folder))
            .Where(c => c.Step >= 0)
            .OrderByDescending(c => c.Step),
    ];

    private static long StepOf(string folder) =>
        long.TryParse(System.IO.Path.GetFileName(folder)[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out long step) ? step : -1;
}
