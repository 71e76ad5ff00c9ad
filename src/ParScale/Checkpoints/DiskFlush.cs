using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ParScale.Checkpoints;

/// <summary>
/// Flushes a file to the disk and says so when the disk refuses. <c>FileStream.Flush(true)</c> returns as if all were well when the
/// system's call fails (an I/O error, no space): found by <c>scripts/faults/disk-full.sh</c>.
/// </summary>
internal static class DiskFlush
{
    // EINVAL, EROFS, ENOTSUP: a file system or device without such a call.
    private static readonly int[] CannotFlush = [22, 30, 95];

    /// <exception cref="IOException">What was written may not be on the disk.</exception>
    public static void Flush(FileStream stream)
    {
        if (OperatingSystem.IsWindows())
        {
            stream.Flush(flushToDisk: true);
            return;
        }
        stream.Flush();
        if (Sync(stream.SafeFileHandle) != 0) Refuse(Marshal.GetLastPInvokeError(), stream.Name);
    }

    /// <summary>Throws for the error number of a flush of <paramref name="path"/>, unless it says that there is nothing to flush.</summary>
    /// <exception cref="IOException">The number is an error of the disk.</exception>
    public static void Refuse(int error, string path)
    {
        if (CannotFlush.Contains(error)) return;
        throw new IOException($"{ParScaleException.Quote(path)} cannot be flushed to the disk: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    [DllImport("libc", EntryPoint = "fsync", ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sync(SafeFileHandle file);
}
