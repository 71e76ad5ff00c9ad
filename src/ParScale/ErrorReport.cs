using System.Globalization;
using System.Text;

namespace ParScale;

/// <summary>Turns whatever ended a command into one line for standard error and an exit code.</summary>
internal static class ErrorReport
{
    /// <summary>Our own bug.</summary>
    public const int Bug = 1;

    /// <summary>Ended by Ctrl+C.</summary>
    public const int Interrupted = 130;

    // Loading one assembly or starting one thread takes several files at once.
    private const int FilesToWorkWith = 4;

    /// <summary>
    /// The exit code for <paramref name="problem"/> and what <paramref name="tool"/> says about it: one line, and the trace after it when
    /// <paramref name="debug"/> asks for that. The text is empty after Ctrl+C and when nobody reads our output any more.
    /// </summary>
    public static (int Exit, string Text) Describe(string tool, Exception problem, bool debug)
    {
        Exception cause = Unwrap(problem);
        if (IsClosedPipe(cause)) return (0, "");
        if (cause is OperationCanceledException) return (Interrupted, "");

        (int exit, string code, string message) = Classify(cause);
        string line = $"{tool}: error {code}: {OneLine(message)}\n";
        return (exit, debug ? $"{line}{problem}\n" : line);
    }

    private static (int Exit, string Code, string Message) Classify(Exception problem) => problem switch
    {
        ParScaleException { Kind: ErrorKind.Usage } known => ((int)known.Kind, known.Code, known.Message),
        _ when FilesRanOut() => ((int)ErrorKind.Io, "IO-01", "the system allows this process no more open files; raise the limit (ulimit -n)"),
        ParScaleException known => ((int)known.Kind, known.Code, known.Message),
        OutOfMemoryException => ((int)ErrorKind.NotEnoughMemory, "MEM-01",
            "out of memory; use a shorter text, a smaller model or fewer streams"),
        IOException or UnauthorizedAccessException => ((int)ErrorKind.Io, "IO-01",
            $"{problem.Message.TrimEnd('.')}; check the path, its permissions and the free space"),
        _ => (Bug, "BUG-01", $"an internal error, please report what --debug prints: {problem.Message}"),
    };

    // The reader of our output has gone (`| head -1`): nobody is left to tell.
    private static bool IsClosedPipe(Exception problem)
    {
        const int unixBrokenPipe = 32;
        const int windowsBrokenPipe = unchecked((int)0x8007006D);
        const int windowsNoData = unchecked((int)0x800700E8);
        return problem is IOException && problem.HResult is unixBrokenPipe or windowsBrokenPipe or windowsNoData;
    }

    // At that limit the runtime fails at whatever it was about to do, and says that an assembly is missing or memory ran out.
    private static bool FilesRanOut()
    {
        if (Environment.ProcessPath is not { } anyFile) return false;
        var opened = new FileStream?[FilesToWorkWith];
        try
        {
            for (int i = 0; i < opened.Length; i++) opened[i] = new FileStream(anyFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return false;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return problem is IOException;
        }
        finally
        {
            foreach (FileStream? file in opened) file?.Dispose();
        }
    }

    private static Exception Unwrap(Exception problem)
    {
        while (problem is AggregateException or TypeInitializationException or TaskSchedulerException && problem.InnerException is { } inner)
            problem = inner;
        return problem;
    }

    // A line feed becomes a space; other control characters, which could steer the terminal, become escapes.
    private static string OneLine(string message)
    {
        var line = new StringBuilder(message.Length);
        foreach (char c in message.ReplaceLineEndings(" "))
        {
            if (char.IsControl(c)) line.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else line.Append(c);
        }
        return line.ToString();
    }
}
