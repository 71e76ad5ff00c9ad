using System.Text;

namespace ParScale.Training.Checkpointing;

/// <summary>Writes small files so that they survive a power cut: flushed to the disk before the call returns.</summary>
internal static class DurableFile
{
    public static void WriteText(string path, string text)
    {
        using var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None);
        stream.Write(Encoding.UTF8.GetBytes(text));
        stream.Flush(flushToDisk: true);
    }
}
