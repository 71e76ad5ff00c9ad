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
}
