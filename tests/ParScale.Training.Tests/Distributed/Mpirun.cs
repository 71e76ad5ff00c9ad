using System.Diagnostics;
using System.Globalization;

namespace ParScale.Training.Tests.Distributed;

/// <summary>Starts programs as several processes, where there is an Open MPI to do so.</summary>
internal static class Mpirun
{
    /// <summary>Skips the test where nothing can be started.</summary>
    public static void Require()
    {
        if (Find() is null) Assert.Skip("no mpirun; scripts/install-openmpi.sh installs it");
    }

    /// <summary>Starts a .NET program of the tests' folder as <paramref name="ranks"/> processes.</summary>
    public static Process Start(int ranks, string program, params string[] args)
    {
        Require();
        // Root, as in containers, must say that it means it; machines may have fewer cores than there are ranks.
        string[] flags =
        [
            "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "--mca", "odls_base_sigkill_timeout", "5", "-n", ranks.ToString(CultureInfo.InvariantCulture), "dotnet", Path.Combine(AppContext.BaseDirectory, program),
        ];
        var info = new ProcessStartInfo("mpirun", [.. flags, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        return Process.Start(info) ?? throw new InvalidOperationException("mpirun did not start");
    }

    public static (int ExitCode, string Output, string Error) Run(int ranks, string program, params string[] args)
    {
        using Process process = Start(ranks, program, args);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.Result, error);
    }

    private static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, "mpirun")).FirstOrDefault(File.Exists);
}
