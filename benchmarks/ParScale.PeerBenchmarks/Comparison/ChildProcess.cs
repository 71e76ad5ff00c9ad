using System.Diagnostics;

namespace ParScale.PeerBenchmarks.Comparison;

/// <summary>Runs a program to its end.</summary>
internal static class ChildProcess
{
    /// <summary>What it writes to standard output; what it writes to standard error passes through.</summary>
    /// <exception cref="InvalidOperationException">It ended with another code than 0.</exception>
    public static string Output(string program, IEnumerable<string> args, IEnumerable<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo(program, args) { RedirectStandardOutput = true };
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} ended with {process.ExitCode}");
    }
}
