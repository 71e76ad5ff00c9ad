using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ParScale.Cli.Terminals;

/// <summary>The three streams this process was started with.</summary>
internal static class StandardStreams
{
    private const int Input = 0;
    private const int Output = 1;
    private const int Talk = 2;

    /// <summary>Whether there is standard input at all, and was not closed before we started.</summary>
    public static bool HasInput => IsOurs(Input);

    /// <summary>What was piped or redirected in; null when the user sits at the keyboard or closed it (<c>&lt;&amp;-</c>).</summary>
    public static Stream? In() => IsOurs(Input) && Console.IsInputRedirected ? Console.OpenStandardInput() : null;

    /// <summary>Whether a user sits before us who sees standard error and can answer on standard input.</summary>
    public static bool AtKeyboard => IsOurs(Input) && !Console.IsInputRedirected && IsOurs(Talk) && !Console.IsErrorRedirected;

    /// <summary>Standard output.</summary>
    /// <exception cref="IOException">It was closed before we started: what we have to say would be lost.</exception>
    public static Stream Out() => IsOurs(Output) ? Open(Output, Console.OpenStandardOutput) : throw new IOException("standard output is closed");

    /// <summary>Standard error; takes and drops everything when it was closed.</summary>
    public static Stream Error() => IsOurs(Talk) ? Open(Talk, Console.OpenStandardError) : Stream.Null;

    // A descriptor that the shell closed is soon the runtime's own: reading it would wait for ever, and writing it would do harm.
    // One that outlived the start of the process cannot have the flag that closes it there; the runtime's own have it.
    private static bool IsOurs(int descriptor)
    {
        const int getFlags = 1;
        const int closedOnStart = 1;
        return OperatingSystem.IsWindows() || DescriptorFlags(descriptor, getFlags) is >= 0 and var flags && (flags & closedOnStart) == 0;
    }

    // .NET's console streams swallow "broken pipe" on Unix, so `| head -1` would let us compute to the end for nobody, and they
    // send a terminal control codes that nobody asked for. A seekable target (a file, perhaps shared by both) keeps them: they append.
    private static Stream Open(int descriptor, Func<Stream> openConsole)
    {
        if (OperatingSystem.IsWindows()) return openConsole();
        try
        {
            var direct = new FileStream(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            if (!direct.CanSeek) return direct;
        }
        catch (Exception problem) when (problem is ArgumentException or UnauthorizedAccessException)
        {
            // Opened for reading only (`2<file`): the console stream takes and drops what is written.
        }
        Stream console = openConsole();
        // The first write opens files of its own. Do that now: later, the error to report may be that no more can be opened.
        console.Write([]);
        return console;
    }

    [DllImport("libc", EntryPoint = "fcntl", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int DescriptorFlags(int descriptor, int command);
}
