using ParScale.Training.Commands;

namespace ParScale.Training.Tests.Support;

/// <summary>Runs <c>parscale-train</c> inside this process: exit code and the lines of stderr.</summary>
internal static class InProcess
{
    public static (int ExitCode, string[] Errors) Run(params string[] args)
    {
        var error = new StringWriter();
        TextWriter before = Console.Error;
        Console.SetError(error);
        try
        {
            int exitCode = CommandLine.Run(args);
            return (exitCode, error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
        finally
        {
            Console.SetError(before);
        }
    }
}
