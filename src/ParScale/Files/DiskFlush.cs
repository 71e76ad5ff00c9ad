using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ParScale.Files;

/// <summary>
/// Flushes files and folders to the disk and throws when the disk refuses. <c>FileStream.Flush(true)</c> returns as if all were well when
/// the system's call fails (an I/O error, no space): found by <c>scripts/faults/disk-full.sh</c>. .NET opens no folders at all, but on
/// Unix a created or renamed file survives a power cut only after its folder was flushed. Both call the C library; Windows needs neither.
/// </summary>
internal static class DiskFlush
{
    private const int ReadOnly = 0;

    // EINVAL, EROFS, ENOTSUP: a file system or device without such a call.
    private static readonly int[] CannotFlush = [22, 30, 95];

    /// <exception cref="IOException">What was written may not be on the disk.</exception>
    public static void File(FileStream stream)
    {
        if (OperatingSystem.IsWindows())
        {
            stream.Flush(flushToDisk: true);
            return;
        }
        stream.Flush();
        if (Sync(stream.SafeFileHandle) != 0) Refuse(Marshal.GetLastPInvokeError(), stream.Name);
    }

    /// <summary>Flushes the entries of a folder, not the contents of its files.</summary>
    /// <exception cref="IOException">The disk reported an error.</exception>
    public static void Folder(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        int handle = Open(Encoding.UTF8.GetBytes(path + "\0"), ReadOnly);
        // A folder that may be written but not read cannot be opened: no reason to stop.
        if (handle < 0) return;
        using var owner = new SafeFileHandle(handle, ownsHandle: true);
        if (Sync(owner) != 0) Refuse(Marshal.GetLastPInvokeError(), path);
    }

    /// <summary>Throws for the error number of a flush of <paramref name="path"/>, unless it says that there is nothing to flush.</summary>
    /// <exception cref="IOException">The number is an error of the disk.</exception>
    public static void Refuse(int error, string path)
    {
        if (CannotFlush.Contains(error)) return;
        throw new IOException($"{ParScaleException.Quote(path)} cannot be flushed to the disk: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    [DllImport("libc", EntryPoint = "open", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sync(SafeFileHandle file);
}
