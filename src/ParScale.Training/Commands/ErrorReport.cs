using System.Globalization;
using System.Text;

namespace ParScale.Training.Commands;

/// <summary>Turns whatever ended a command into one line on stderr and an exit code.</summary>
internal static class ErrorReport
{
    /// <summary>Writes one line, after the whole trace when <paramref name="debug"/> asks for it; returns the exit code.</summary>
    public static int Write(TextWriter output, Exception problem, bool debug)
    {
        if (debug) output.WriteLine(problem);
        (int exitCode, string code, string message) = Describe(problem);
        output.WriteLine($"parscale-train: error {code}: {OneLine(message)}");
        return exitCode;
    }

    private static (int ExitCode, string Code, string Message) Describe(Exception problem) => problem switch
    {
        ParScaleException known => ((int)known.Kind, known.Code, known.Message),
        IOException or UnauthorizedAccessException => ((int)ErrorKind.Io, "TR-17",
            $"{problem.Message}; check the path, its permissions, the free space, and that no other run uses it"),
        _ => (ExitCodes.Bug, "TR-00", $"a bug of ours, please report it with --debug: {problem.Message}"),
    };

    /// <summary>A line feed becomes a space; other control characters, which could steer the terminal, become escapes.</summary>
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
