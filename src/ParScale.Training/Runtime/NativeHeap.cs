using System.Runtime.InteropServices;

namespace ParScale.Training.Runtime;

/// <summary>Settings of the C allocator that libtorch uses on Linux.</summary>
internal static class NativeHeap
{
    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MmapThreshold = -3;

    /// <summary>
    /// Keeps freed blocks in the process. glibc otherwise maps every large tensor anew, and the page faults cost up to
    /// half of a training step.
    /// </summary>
    public static void KeepFreedBlocks()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = MallocOption(MmapThreshold, 1 << 30);
            _ = MallocOption(TrimThreshold, int.MaxValue);
            _ = MallocOption(TopPad, 64 << 20);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library than glibc: nothing to set, only slower.
        }
    }

    [DllImport("libc", EntryPoint = "mallopt", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int MallocOption(int parameter, int value);
}
