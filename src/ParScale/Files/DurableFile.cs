using System.Text;

namespace ParScale.Files;

/// <summary>
/// Writes files that survive a power cut. <see cref="Replace(string, Action{FileStream})"/> is the one way to change a file that someone
/// may read: the old content or the new one is there at any time, whole. <see cref="Write(string, Action{FileStream})"/> is for files in a
/// folder that is not in its place yet.
/// </summary>
internal static class DurableFile
{
    /// <summary>How the names of files and folders begin that are not complete; whoever owns the folder may delete them.</summary>
    public const string Unfinished = ".unfinished-";

    private const int BufferBytes = 1 << 20;

    /// <summary>Writes a file and flushes it; its folder is left to the caller.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void Write(string path, Action<FileStream> write)
    {
        using var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, BufferBytes);
        write(stream);
        DiskFlush.File(stream);
    }

    /// <inheritdoc cref="Write(string, Action{FileStream})"/>
    public static void Write(string path, byte[] content) => Write(path, stream => stream.Write(content));

    /// <summary>The same for a text, in UTF-8.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void WriteText(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    /// <summary>
    /// Writes a file beside <paramref name="path"/>, flushes it, renames it over an older one, and flushes the folder. When that fails,
    /// the older one stays and nothing is left beside it.
    /// </summary>
    /// <exception cref="IOException">The disk refused.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static void Replace(string path, Action<FileStream> write)
    {
        string folder = Path.GetDirectoryName(Path.Combine(Environment.CurrentDirectory, path)) ?? throw new IOException($"{ParScaleException.Quote(path)} is not a file");
        // Without the file's own name in it: programs that look for files by their names, such as TensorBoard, would find it.
        string beside = Path.Combine(folder, $"{Unfinished}{Guid.NewGuid():N}");
        try
        {
            Write(beside, write);
            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            TryDelete(beside);
            throw;
        }
        DiskFlush.Folder(folder);
    }

    /// <inheritdoc cref="Replace(string, Action{FileStream})"/>
    public static void Replace(string path, byte[] content) => Replace(path, stream => stream.Write(content));

    /// <summary>The same for a text, in UTF-8.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void ReplaceText(string path, string text) => Replace(path, Encoding.UTF8.GetBytes(text));

    /// <summary>Deletes the files in <paramref name="folder"/> that a kill left unfinished. Nobody else may be writing there.</summary>
    public static void RemoveUnfinished(string folder)
    {
        foreach (string left in Directory.GetFiles(folder, Unfinished + "*")) File.Delete(left);
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first error is the one to report; the name of what is left says what it is.
        }
    }
}
