using System.Runtime.InteropServices;
using System.Text;
using ParScale.Checkpoints;

namespace ParScale.Training.Checkpointing;

/// <summary>
/// Flushes the entries of a folder to the disk. On Unix a created or renamed file survives a power cut only after
/// that; .NET opens no folders, so this calls the C library. Windows needs nothing.
/// </summary>
internal static class FolderSync
{
    private const int ReadOnly = 0;

    /// <exception cref="IOException">The disk reported an error.</exception>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        int handle = Open(Encoding.UTF8.GetBytes(folder + "\0"), ReadOnly);
        // A folder that may be written but not read cannot be opened: no reason to stop.
        if (handle < 0) return;
        int failure = Sync(handle) == 0 ? 0 : Marshal.GetLastPInvokeError();
        _ = Close(handle);
        if (failure != 0) DiskFlush.Refuse(failure, folder);
    }

    [DllImport("libc", EntryPoint = "open", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sync(int handle);

    [DllImport("libc", EntryPoint = "close", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int handle);
}
