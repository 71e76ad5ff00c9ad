using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ParScale.Files;

/// <summary>
/// Opens a file by the path as it is, so that the system follows its links, and never waits: opening a pipe the ordinary way waits until
/// somebody writes into it, and what stands at a path can only be told for certain from what was opened.
/// </summary>
internal static class UnwaitingOpen
{
    /// <summary>The file, open for reading; whatever it is.</summary>
    /// <exception cref="IOException">The system refused.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static FileStream Read(string path)
    {
        if (Flags is { } flags)
        {
            int handle = Open(Encoding.UTF8.GetBytes(path + "\0"), flags);
            if (handle >= 0) return new FileStream(new SafeFileHandle(handle, ownsHandle: true), FileAccess.Read, bufferSize: 1);
        }
        // Where the call failed this one fails too, with an exception that tells why.
        return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
    }

    // O_RDONLY | O_NONBLOCK | O_CLOEXEC, by the headers of each system.
    private static int? Flags => OperatingSystem.IsLinux() ? 0x800 | 0x80000 : OperatingSystem.IsMacOS() ? 0x4 | 0x1000000 : null;

    [DllImport("libc", EntryPoint = "open", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);
}
