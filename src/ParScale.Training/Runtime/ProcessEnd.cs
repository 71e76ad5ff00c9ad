using System.Runtime.InteropServices;

namespace ParScale.Training.Runtime;

/// <summary>
/// Ends the process from any thread, while others work on in native code: nothing is unwound, no destructor of libtorch runs. Whatever
/// is on the disk was made to stand that.
/// </summary>
internal static class ProcessEnd
{
    public static void Now(int exitCode)
    {
        if (OperatingSystem.IsWindows()) Environment.Exit(exitCode);
        else Exit(exitCode);
    }

    [DllImport("libc", EntryPoint = "_exit", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void Exit(int status);
}
