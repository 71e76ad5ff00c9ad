using System.Diagnostics;

namespace ParScale.Cli.Tests.Support;

/// <summary>Runs the tool as a process of its own, as a shell would.</summary>
internal static class ToolProcess
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The built executable beside the tests.</summary>
    public static string Executable { get; } =
        Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "ParScale.Cli.exe" : "ParScale.Cli");

    public static Process Start(IReadOnlyDictionary<string, string>? environment, params string[] args)
    {
        var start = new ProcessStartInfo(Executable, args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        Process process = Process.Start(start) ?? throw new InvalidOperationException("the tool did not start");
        process.StandardInput.Close();
        return process;
    }

    public static async Task<Outcome> FinishAsync(Process process)
    {
        using var patience = new CancellationTokenSource(Patience);
        Task<string> output = process.StandardOutput.ReadToEndAsync(patience.Token);
        Task<string> error = process.StandardError.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        return new Outcome(process.ExitCode, await output, await error);
    }

    /// <summary>Runs a line of POSIX shell in which <c>$PARSCALE</c> is the tool and <c>$MODEL</c> the model's folder.</summary>
    public static async Task<Outcome> ShellAsync(string line, string model)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", line]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PARSCALE"] = Executable;
        start.Environment["MODEL"] = model;
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("sh did not start");
        return await FinishAsync(process);
    }
}
