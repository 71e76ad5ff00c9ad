namespace ParScale.Store;

/// <summary>
/// A file that one process holds alone, or several share. The system lets go of it when the process ends, however it ends. The file itself
/// stays: to delete it would let two in.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // EWOULDBLOCK on Linux and macOS, ERROR_SHARING_VIOLATION.
    private static readonly int[] Held = [11, 35, unchecked((int)0x80070020)];

    private readonly FileStream _file;

    private FileLock(FileStream file) => _file = file;

    /// <summary>Takes the lock alone; calls <paramref name="waiting"/> once when another process has it.</summary>
    /// <exception cref="IOException">The file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static FileLock Take(string path, Action waiting, CancellationToken cancellationToken) => Wait(() => TryTake(path), waiting, cancellationToken);

    /// <summary>The lock alone, if no other process has it.</summary>
    /// <inheritdoc cref="Take"/>
    public static FileLock? TryTake(string path) => Open(path, FileAccess.ReadWrite, FileShare.None);

    /// <summary>Shares the lock with others who share it; waits while one has it alone.</summary>
    /// <inheritdoc cref="Take"/>
    public static FileLock Share(string path, CancellationToken cancellationToken) => Wait(() => Open(path, FileAccess.Read, FileShare.Read), () => { }, cancellationToken);

    public void Dispose() => _file.Dispose();

    private static FileLock Wait(Func<FileLock?> attempt, Action waiting, CancellationToken cancellationToken)
    {
        for (bool told = false; ; told = true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (attempt() is { } taken) return taken;
            if (!told) waiting();
            cancellationToken.WaitHandle.WaitOne(Pause);
        }
    }

    private static FileLock? Open(string path, FileAccess access, FileShare share)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            return new FileLock(new FileStream(path, FileMode.OpenOrCreate, access, share, bufferSize: 1));
        }
        catch (IOException e) when (Held.Contains(e.HResult))
        {
            return null;
        }
    }
}
