using System.Diagnostics;

namespace ParScale.Training.Sweeps;

/// <summary>
/// A run as a process of its own, by the program that runs now. The process stops by itself, with its checkpoint saved, when its
/// standard input ends: so it does when the sweep stops it, and also when the sweep is killed.
/// </summary>
internal static class RunProcess
{
    private const string Program = "parscale-train";

    /// <summary>Runs <paramref name="arguments"/> to the end, or until <paramref name="stop"/>. Both outputs go to <paramref name="log"/>.</summary>
    /// <param name="arguments">The words after the program's name.</param>
    /// <param name="log">A file; what is said is added to it.</param>
    /// <param name="said">Called with each line.</param>
    /// <param name="stop">Asks the run to stop.</param>
    /// <returns>The exit code.</returns>
    public static int Run(IEnumerable<string> arguments, string log, Action<string> said, CancellationToken stop)
    {
        using var writer = new StreamWriter(log, append: true) { NewLine = "\n", AutoFlush = true };
        using Process process = Process.Start(Start(arguments)) ?? throw new InvalidOperationException($"{Program} did not start");
        void Take(object sender, DataReceivedEventArgs e)
        {
            if (e.Data is not { } line) return;
            lock (writer)
            {
                writer.WriteLine(line);
                said(line);
            }
        }
        process.OutputDataReceived += Take;
        process.ErrorDataReceived += Take;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using (stop.Register(process.StandardInput.Close)) process.WaitForExit();
        return process.ExitCode;
    }

    private static ProcessStartInfo Start(IEnumerable<string> arguments)
    {
        string own = Environment.ProcessPath ?? throw new InvalidOperationException("the system does not report the path of this program");
        bool built = Path.GetFileNameWithoutExtension(own) == Program;
        string host = Path.GetFileNameWithoutExtension(own) == "dotnet" ? own : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        IEnumerable<string> words = built ? arguments : [typeof(RunProcess).Assembly.Location, .. arguments];
        return new ProcessStartInfo(built ? own : host, words)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
    }
}
