namespace ParScale.Hub.Cache;

/// <summary>
/// The lock of one blob, held by whoever writes it. It is the one that Python's client takes (flock on Unix, an exclusive handle on Windows),
/// so the system lets go of it when its process dies, however that happens; the file itself stays and means nothing.
/// </summary>
internal sealed class BlobLock : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly FileStream _file;

    private BlobLock(FileStream file) => _file = file;

    /// <summary>The lock, if nobody has it.</summary>
    /// <exception cref="IOException">The file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static BlobLock? TryTake(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            return new BlobLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
        }
        catch (IOException e) when (IsHeld(e))
        {
            return null;
        }
    }

    /// <summary>Waits for the lock as long as somebody has it.</summary>
    /// <param name="path">The lock file.</param>
    /// <param name="waiting">Called each time that somebody else still had it.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<BlobLock> TakeAsync(string path, Action waiting, CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (TryTake(path) is { } taken) return taken;
            waiting();
            await Task.Delay(Interval, cancellation).ConfigureAwait(false);
        }
    }

    public void Dispose() => _file.Dispose();

    // EWOULDBLOCK of Linux and of macOS, and the sharing violation of Windows.
    private static bool IsHeld(IOException problem) => problem.HResult is 11 or 35 or unchecked((int)0x80070020) or unchecked((int)0x80070021);
}
