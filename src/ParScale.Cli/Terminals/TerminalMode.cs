using System.Runtime.InteropServices;

namespace ParScale.Cli.Terminals;

/// <summary>
/// How a POSIX terminal treats keys: as it was; silent, so that keys pressed while an answer is written are kept and not echoed, and
/// Ctrl+C is still a signal; or raw, so that every key comes as it is pressed. As it was before is what it is set to in the end.
/// </summary>
internal sealed class TerminalMode
{
    // `struct termios` is 60 bytes on Linux and 72 on macOS; the C library fills in its own.
    private const int Bytes = 256;
    private const int AfterOutput = 1;   // TCSADRAIN
    private const byte Echo = 0x08;

    private readonly int _terminal;
    private readonly byte[] _before, _silent, _raw;

    private TerminalMode(int terminal, byte[] before)
    {
        (_terminal, _before, _silent, _raw) = (terminal, before, [.. before], [.. before]);
        if (terminal < 0) return;
        MakeRaw(_raw);
        // c_lflag is the fourth field, of 4 bytes on Linux and of 8 on macOS; ICANON differs too.
        (int flags, int canonicalByte, byte canonical) = OperatingSystem.IsMacOS() ? (24, 1, (byte)0x01) : (12, 0, (byte)0x02);
        _silent[flags] = (byte)(_silent[flags] & ~Echo);
        _silent[flags + canonicalByte] = (byte)(_silent[flags + canonicalByte] & ~canonical);
    }

    /// <summary>The modes of no terminal at all: setting them does nothing.</summary>
    public static TerminalMode None { get; } = new(-1, []);

    /// <summary>The modes of an open terminal; null when it has none.</summary>
    public static TerminalMode? Of(int terminal)
    {
        var before = new byte[Bytes];
        return GetAttributes(terminal, before) == 0 ? new TerminalMode(terminal, before) : null;
    }

    /// <summary>Every key comes as it is pressed.</summary>
    public void SetRaw() => Set(_raw);

    /// <summary>Keys are kept and not shown.</summary>
    public void SetSilent() => Set(_silent);

    /// <summary>As it was when the program started.</summary>
    public void Restore() => Set(_before);

    private void Set(byte[] mode)
    {
        if (_terminal >= 0) _ = SetAttributes(_terminal, AfterOutput, mode);
    }

    [DllImport("libc", EntryPoint = "tcgetattr", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetAttributes(int terminal, [In, Out] byte[] attributes);

    [DllImport("libc", EntryPoint = "tcsetattr", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetAttributes(int terminal, int when, byte[] attributes);

    [DllImport("libc", EntryPoint = "cfmakeraw", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void MakeRaw([In, Out] byte[] attributes);
}
