using System.Text;
using ParScale.Checkpoints;

namespace ParScale.Training.Checkpointing;

/// <summary>Writes small files so that they survive a power cut: flushed to the disk before the call returns.</summary>
internal static class DurableFile
{
    public static void WriteText(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        using var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None);
        stream.Write(content);
        DiskFlush.Flush(stream);
    }

    /// <summary>Writes a text beside <paramref name="path"/> and renames it: the file is the old one or the new one, whole, at any time.</summary>
    public static void Replace(string path, string text)
    {
        string beside = path + ".tmp";
        WriteText(beside, text);
        File.Move(beside, path, overwrite: true);
        if (Path.GetDirectoryName(path) is { Length: > 0 } folder) FolderSync.Flush(folder);
    }
}
