using System.Text;
using ParScale.Cli.Terminals;

namespace ParScale.Cli;

/// <summary>Turns whatever ended a command into one line on standard error and an exit code.</summary>
internal static class ErrorReport
{
    /// <summary>Our own bug.</summary>
    public const int Bug = 1;

    /// <summary>Ended by Ctrl+C.</summary>
    public const int Interrupted = 130;

    /// <summary>Reports <paramref name="problem"/> and returns the exit code for it.</summary>
    public static int Write(Terminal terminal, Exception problem, bool debug)
    {
        problem = Unwrap(problem);
        if (IsClosedPipe(problem)) return 0;
        if (problem is OperationCanceledException) return Interrupted;

        (int exit, string code, string message) = Describe(problem);
        terminal.Say($"parscale: error {code}: {OneLine(message)}\n");
        if (debug) terminal.Say($"{problem}\n");
        return exit;
    }

    /// <summary>True when the reader of our output has gone (<c>| head -1</c>): nobody is left to tell.</summary>
    public static bool IsClosedPipe(Exception problem)
    {
        const int unixBrokenPipe = 32;
        const int windowsBrokenPipe = unchecked((int)0x8007006D);
        const int windowsNoData = unchecked((int)0x800700E8);
        return problem is IOException && problem.HResult is unixBrokenPipe or windowsBrokenPipe or windowsNoData;
    }

    private static (int Exit, string Code, string Message) Describe(Exception problem) => problem switch
    {
        ParScaleException known => ((int)known.Kind, known.Code, known.Message),
        OutOfMemoryException => ((int)ErrorKind.NotEnoughMemory, "MEM-01", "out of memory; use a smaller model, fewer streams or --dtype bf16"),
        IOException or UnauthorizedAccessException => ((int)ErrorKind.Io, "IO-01", problem.Message),
        _ => (Bug, "BUG-01", $"unexpected {problem.GetType().Name}: {problem.Message} (a bug of ours: run again with --debug and report what it prints)"),
    };

    private static Exception Unwrap(Exception problem)
    {
        while (problem is AggregateException or TypeInitializationException && problem.InnerException is { } inner) problem = inner;
        return problem;
    }

    private static string OneLine(string message)
    {
        if (!message.Any(char.IsControl)) return message;
        var line = new StringBuilder(message.Length);
        foreach (char c in message) line.Append(char.IsControl(c) ? ' ' : c);
        return line.ToString();
    }
}
