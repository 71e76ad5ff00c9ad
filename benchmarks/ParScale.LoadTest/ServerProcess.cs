using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace ParScale.LoadTest;

/// <summary>The tool as a process that serves: <c>parscale serve</c> or <c>parscale gateway</c> at a port of its own.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>Its resident memory, MiB; 0 where the system does not tell.</summary>
    public double MemoryMiB => Field("VmRSS") / 1024;

    /// <summary>Starts it and waits until it takes requests.</summary>
    /// <param name="tool">The built <c>parscale</c>.</param>
    /// <param name="arguments">What it is told.</param>
    public static async Task<ServerProcess> Start(string tool, params string[] arguments)
    {
        string[] all = arguments.Contains("--port") ? arguments : [.. arguments, "--port", "0"];
        Process process = Process.Start(new ProcessStartInfo(tool, [.. all, "--json", "--quiet"]) { RedirectStandardOutput = true })
            ?? throw new InvalidOperationException($"{tool} did not start");
        string line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"{tool} {string.Join(' ', all)} ended at once");
        using var started = JsonDocument.Parse(line);
        return new ServerProcess(process, new Uri(started.RootElement.GetProperty("url").GetString()!));
    }

    /// <summary>Ends it without a word, as a power cut does.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Tells it to stop, and gives its exit code.</summary>
    public async Task<int> Stop()
    {
        using (Process kill = Process.Start("kill", ["-TERM", $"{_process.Id}"])) await kill.WaitForExitAsync();
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private double Field(string name)
    {
        string file = $"/proc/{_process.Id}/status";
        string? line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.Ordinal)) : null;
        return line is null ? 0 : double.Parse(line[(name.Length + 1)..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }
}
