using ParScale.Configuration;
using ParScale.Files;

namespace ParScale.Quantization;

/// <summary>
/// A folder that appears whole or not at all: it is filled beside its place, and renamed when it is complete. Whatever goes wrong
/// before, nothing is left behind.
/// </summary>
internal sealed class OutputFolder : IDisposable
{
    // Two processes that replace the same folder at once may find it gone, or there again, a few times.
    private const int Attempts = 10;

    private readonly string _target;
    private readonly bool _replace;

    /// <summary>Creates the folder to fill. What stands at <paramref name="target"/> is left alone until <see cref="Commit"/>.</summary>
    /// <exception cref="IOException">It cannot be created.</exception>
    public OutputFolder(string target, bool replace)
    {
        _target = SystemPath.Real(target);
        _replace = replace;
        Path = Beside("tmp");
        string parent = System.IO.Path.GetDirectoryName(_target)!;
        if (!Directory.Exists(parent))
            throw new IOException($"{ParScaleException.Quote(parent)} is not a folder; create it first");
        Directory.CreateDirectory(Path);
    }

    /// <summary>The folder to fill.</summary>
    public string Path { get; }

    /// <summary>Refuses a place that is taken, unless it may be replaced.</summary>
    /// <param name="target">Where the folder will be.</param>
    /// <param name="source">The folder that is read.</param>
    /// <param name="replace">Whether the user asked to replace a folder of that name.</param>
    /// <exception cref="ParScaleException">It is taken (QZ-01), or holds something that could not be made again (QZ-02).</exception>
    public static void RequireFree(string target, string source, bool replace)
    {
        string name = ParScaleException.Quote(target);
        if (target.Length == 0) throw ParScaleException.Usage("QZ-01", "the output needs the name of a folder");
        if (File.Exists(target)) throw ParScaleException.Usage("QZ-01", $"the output {name} is a file; give the name of a new folder");
        if (!Directory.Exists(target)) return;
        if (!replace) throw ParScaleException.Usage("QZ-01", $"the output {name} exists; give another name, or --force to replace it");
        bool isSource = SystemPath.Real(target) == SystemPath.Real(source);
        if (isSource || !MayBeReplaced(target))
        {
            throw ParScaleException.Usage("QZ-02",
                $"the output {name} is not a quantised folder and is not replaced, even with --force; give another name");
        }
    }

    /// <summary>Puts the folder in its place, where it survives a power cut; its files must have been flushed.</summary>
    /// <exception cref="IOException">The system refused, or another process was faster.</exception>
    public void Commit()
    {
        DiskFlush.Folder(Path);
        Move();
        DiskFlush.Folder(System.IO.Path.GetDirectoryName(_target)!);
    }

    /// <summary>Removes what was not committed.</summary>
    public void Dispose()
    {
        if (Directory.Exists(Path)) TryDelete(Path);
    }

    private void Move()
    {
        for (int attempt = 1; ; attempt++)
        {
            string? old = _replace ? MoveAside() : null;
            try
            {
                Directory.Move(Path, _target);
                if (old is not null) TryDelete(old);
                return;
            }
            catch (IOException) when (_replace && attempt < Attempts && Directory.Exists(_target))
            {
                // Another process put its own there in between: replace that one too.
                if (old is not null) TryDelete(old);
            }
            catch
            {
                if (old is not null) Directory.Move(old, _target);
                throw;
            }
        }
    }

    // Only what this command makes, and can make again: never the weights themselves.
    private static bool MayBeReplaced(string folder)
    {
        if (HeaderChecksum.IsSealed(System.IO.Path.Combine(folder, HeaderChecksum.WeightsName)) || !Directory.EnumerateFileSystemEntries(folder).Any())
            return true;
        try
        {
            return CheckpointConfig.Load(folder).QuantizedType is not null;
        }
        catch (ParScaleException)
        {
            return false;
        }
    }

    private string? MoveAside()
    {
        string old = Beside("old");
        try
        {
            Directory.Move(_target, old);
            return old;
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
    }

    private string Beside(string suffix) => System.IO.Path.Combine(
        System.IO.Path.GetDirectoryName(_target) ?? throw new IOException("the root folder cannot be written"),
        $".{System.IO.Path.GetFileName(_target)}.{Guid.NewGuid():N}.{suffix}");

    private static void TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first error is the one to report; the name of what is left says what it is.
        }
    }
}
