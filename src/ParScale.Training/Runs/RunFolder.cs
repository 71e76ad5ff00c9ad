using System.Globalization;
using ParScale.Checkpoints;
using ParScale.Model;
using ParScale.Training.Checkpointing;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using static TorchSharp.torch;

namespace ParScale.Training.Runs;

/// <summary>
/// The files of a run: <c>checkpoint-N/</c> (the newest two), <c>best/</c>, <c>final/</c>. Every folder is written under
/// a temporary name, flushed, and renamed, so that what is there is whole. <c>run.lock</c> keeps a second trainer out. With a backbone
/// that stays as it is, they are add-ons to it.
/// </summary>
internal sealed class RunFolder(string path, string tokenizerFolder, TensorType saveType, BackboneReference? backbone = null) : IDisposable
{
    private const int CheckpointsKept = 2;
    private const string LockFile = "run.lock";
    private const string Prefix = "checkpoint-";
    private const string Unfinished = ".unfinished-";
    private const string Replaced = ".replaced-";

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
        if (System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path)) is { } parent) FolderSync.Flush(parent);
        CleanUp();
    }

    /// <summary>Lets the next trainer in.</summary>
    public void Dispose() => _lock?.Dispose();

    /// <summary>The newest whole checkpoint, or null.</summary>
    public string? NewestCheckpoint() => Checkpoints().Select(c => c.Folder).FirstOrDefault();

    public void SaveCheckpoint(ParScaleLm model, AdamW optimizer, TrainerState state)
    {
        Replace(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{state.Step}"), folder =>
        {
            ModelFolder.Save(model, folder, TensorType.F32, tokenizerFolder, backbone);
            UnfoldedPrefixes.Save(model, folder);
            TensorToWrite[] moments = [.. optimizer.State.Select(s => TensorBytes.Write(s.Name, s.Value, TensorType.F32))];
            SafetensorsWriter.Write(System.IO.Path.Combine(folder, "optimizer.safetensors"), moments);
            DurableFile.WriteText(System.IO.Path.Combine(folder, "trainer_state.json"), state.ToJson());
        });
        foreach ((_, string old) in Checkpoints().Skip(CheckpointsKept).ToArray()) Directory.Delete(old, recursive: true);
    }

    /// <summary>Saves the plain model as <c>best</c> or <c>final</c>; returns the folder.</summary>
    public string SaveModel(ParScaleLm model, string name)
    {
        Replace(name, folder => ModelFolder.Save(model, folder, saveType, tokenizerFolder, backbone));
        return System.IO.Path.Combine(Path, name);
    }

    /// <summary>Puts weights and moments of a checkpoint in place; returns where the run stood.</summary>
    public static TrainerState Restore(string checkpoint, ParScaleLm model, AdamW optimizer, TrainingOptions options)
    {
        TrainerState state = TrainerState.Read(System.IO.Path.Combine(checkpoint, "trainer_state.json"));
        if (state.Options.DataSha256 != options.DataSha256)
        {
            throw new ParScaleException(ErrorKind.HashMismatch, "TD-08", $"--data is not what step {state.Step} was trained on (SHA-256 "
                + $"{options.DataSha256}, then {state.Options.DataSha256}); give the same data, or another -o for a new run");
        }
        if (state.Difference(options) is { } difference)
            throw ParScaleException.Usage("TR-14", $"--resume needs the options of the run: {difference}");
        ModelFolder.LoadWeights(model, checkpoint);
        UnfoldedPrefixes.Load(model, checkpoint);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using SafetensorsFile file = SafetensorsFile.Open(System.IO.Path.Combine(checkpoint, "optimizer.safetensors"));
        foreach ((string name, Tensor value) in optimizer.State)
        {
            if (!file.Tensors.TryGetValue(name, out TensorInfo? info) || !info.Shape.AsSpan().SequenceEqual(value.shape))
                throw ParScaleException.BadInput("TR-21", file.Path, $"tensor {ParScaleException.Quote(name)} is missing or has another shape");
            value.copy_(TensorBytes.Read(file, info));
        }
        return state;
    }

    /// <summary>The file stays when the run ends: were it deleted, two waiting trainers could each lock a file of that name.</summary>
    private FileStream Lock(string file)
    {
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ParScaleException(ErrorKind.Io, "TR-18",
                $"-o {ParScaleException.Quote(Path)} is in use by another trainer, or its {LockFile} may not be written; "
                + "wait, or give another folder", e);
        }
    }

    /// <summary>Finishes what a kill interrupted: a folder that was moved aside returns if its successor never came.</summary>
    private void CleanUp()
    {
        foreach (string aside in Directory.GetDirectories(Path, Replaced + "*"))
        {
            string target = System.IO.Path.Combine(Path, System.IO.Path.GetFileName(aside)[Replaced.Length..]);
            if (Directory.Exists(target)) Directory.Delete(aside, recursive: true);
            else Directory.Move(aside, target);
        }
        foreach (string left in Directory.GetDirectories(Path, Unfinished + "*")) Directory.Delete(left, recursive: true);
    }

    private (long Step, string Folder)[] Checkpoints() =>
    [
        .. Directory.EnumerateDirectories(Path, Prefix + "*")
            .Where(folder => File.Exists(System.IO.Path.Combine(folder, "trainer_state.json")))
            .Select(folder => (Step: StepOf(folder), Folder: folder))
            .Where(c => c.Step >= 0)
            .OrderByDescending(c => c.Step),
    ];

    private static long StepOf(string folder) =>
        long.TryParse(System.IO.Path.GetFileName(folder)[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out long step) ? step : -1;

    private void Replace(string name, Action<string> write)
    {
        string target = System.IO.Path.Combine(Path, name);
        string fresh = System.IO.Path.Combine(Path, Unfinished + name);
        string old = System.IO.Path.Combine(Path, Replaced + name);
        try
        {
            write(fresh);
            FolderSync.Flush(fresh);
            if (Directory.Exists(target)) Directory.Move(target, old);
            Directory.Move(fresh, target);
            FolderSync.Flush(Path);
            if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ParScaleException(ErrorKind.Io, "TR-15",
                $"{ParScaleException.Quote(name)} cannot be saved; check the free space and permissions of the run's folder", e);
        }
    }
}
