using System.Runtime.InteropServices;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>
/// Memory for generated machine code: mapped writable, filled, then made readable and executable, never writable and
/// executable at once. It stays for the life of the process.
/// </summary>
internal static unsafe partial class ExecutableMemory
{
    private const int ReadWrite = 3, ReadExecute = 5;
    private const int WindowsCommitReserve = 0x3000, WindowsReadWrite = 0x04, WindowsExecuteRead = 0x20, WindowsRelease = 0x8000;
    private static readonly nint Failed = -1;

    /// <summary>Copies code into pages of its own. Null where the system refuses executable memory.</summary>
    public static void* Publish(ReadOnlySpan<byte> code) => OperatingSystem.IsWindows() ? PublishOnWindows(code) : PublishOnUnix(code);

    // Arm's instruction cache does not see what was stored. Linux brings it up to date when it first makes a page executable that was
    // written to (Windows has a call of its own), so no code may be executed of a page before its code is complete: hence pages of its own.
    private static void* PublishOnUnix(ReadOnlySpan<byte> code)
    {
        // Apple's processors take generated code only in pages that are mapped as such (MAP_JIT) and written in a mode of their own.
        if (OperatingSystem.IsMacOS() && RuntimeInformation.ProcessArchitecture == Architecture.Arm64) return null;
        int privateAnonymous = OperatingSystem.IsMacOS() ? 0x1002 : 0x22;
        nint memory = Map(0, (nuint)code.Length, ReadWrite, privateAnonymous, -1, 0);
        if (memory == Failed) return null;
        code.CopyTo(new Span<byte>((void*)memory, code.Length));
        if (Protect(memory, (nuint)code.Length, ReadExecute) == 0) return (void*)memory;
        _ = Unmap(memory, (nuint)code.Length);
        return null;
    }

    private static void* PublishOnWindows(ReadOnlySpan<byte> code)
    {
        nint memory = VirtualAlloc(0, (nuint)code.Length, WindowsCommitReserve, WindowsReadWrite);
        if (memory == 0) return null;
        code.CopyTo(new Span<byte>((void*)memory, code.Length));
        if (VirtualProtect(memory, (nuint)code.Length, WindowsExecuteRead, out _) != 0 && FlushInstructionCache(-1, memory, (nuint)code.Length) != 0)
            return (void*)memory;
        _ = VirtualFree(memory, 0, WindowsRelease);
        return null;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);

    [LibraryImport("kernel32")]
    private static partial nint VirtualAlloc(nint address, nuint size, int type, int protection);

    [LibraryImport("kernel32")]
    private static partial int VirtualProtect(nint address, nuint size, int protection, out int before);

    [LibraryImport("kernel32")]
    private static partial int VirtualFree(nint address, nuint size, int type);

    [LibraryImport("kernel32")]
    private static partial int FlushInstructionCache(nint process, nint address, nuint size);
}
