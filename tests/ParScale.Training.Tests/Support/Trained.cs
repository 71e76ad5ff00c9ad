using System.Diagnostics;

namespace ParScale.Training.Tests.Support;

/// <summary>Runs <c>parscale-train</c> as a process of its own: exit code, output, errors.</summary>
internal static class Trained
{
    public static (int ExitCode, string Output, string Error) Run(params string[] args)
    {
        using Process process = Start(args);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.Result, error);
    }

    public static Process Start(params string[] args)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "parscale-train.dll");
        var info = new ProcessStartInfo("dotnet", [program, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        return Process.Start(info) ?? throw new InvalidOperationException("dotnet did not start");
    }
}
