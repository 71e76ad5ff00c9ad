namespace ParScale.Store;

/// <summary>
/// A file that one process holds at a time. The system lets go of it when the process ends, however it ends. The file itself stays: to
/// delete it would let two in.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // EWOULDBLOCK on Linux and macOS, ERROR_SHARING_VIOLATION.
    private static readonly int[] Held = [11, 35, unchecked((int)0x80070020)];

    private readonly FileStream _file;

    private FileLock(FileStream file) => _file = file;

    /// <summary>Takes the lock; calls <paramref name="waiting"/> once when another process has it.</summary>
    /// <exception cref="IOException">The file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static FileLock Take(string path, Action waiting, CancellationToken cancellationToken)
    {
        for (bool told = false; ; told = true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return new FileLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1));
            }
            catch (IOException e) when (Held.Contains(e.HResult))
            {
                if (!told) waiting();
                cancellationToken.WaitHandle.WaitOne(Pause);
            }
        }
    }

    public void Dispose() => _file.Dispose();
}
