using System.Diagnostics;

namespace ParScale.Training.Tests.Runs;

/// <summary>The fault experiments of <c>scripts/faults</c> in their shortest form.</summary>
public sealed class FaultScriptTests
{
    [Fact]
    public void A_run_that_is_killed_again_and_again_loses_nothing() => AssertPasses("stops.sh", "2", "KILL", "40");

    [Fact]
    public void A_disk_that_fills_up_loses_nothing()
    {
        if (!OperatingSystem.IsLinux() || Run("unshare", "-rm", "true").ExitCode != 0) Assert.Skip("needs unshare -rm");
        AssertPasses("disk-full.sh", "300");
    }

    private static void AssertPasses(string script, params string[] words)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs bash");
        (int exitCode, string output) = Run("bash", [Path.Combine(Root(), "scripts", "faults", script), .. words]);
        Assert.True(exitCode == 0, output);
    }

    private static (int ExitCode, string Output) Run(string program, params string[] words)
    {
        var info = new ProcessStartInfo(program, words) { RedirectStandardOutput = true };
        info.Environment["PARSCALE_TRAIN"] = Path.Combine(AppContext.BaseDirectory, "parscale-train");
        using Process process = Process.Start(info) ?? throw new InvalidOperationException($"{program} did not start");
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    private static string Root()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "ParScale.slnx"))) at = at.Parent;
        return at?.FullName ?? throw new InvalidOperationException("the tests do not run inside the repository");
    }
}
