using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace ParScale.Training.Tests.Sweeps;

/// <summary>The folder of a sweep through kills, wrong calls and a full disk.</summary>
public sealed class SweepFolderTests
{
    [Theory]
    [InlineData("-KILL", 137)]
    [InlineData("-TERM", 75)]
    public void A_sweep_that_is_killed_goes_on_to_the_same_table(string signal, int expected)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs kill");
        using var folder = new TempFolder();
        string file = SweepSamples.Write(folder, TwoRuns);
        using (Process process = Trained.Start("sweep", file, "-o", folder.File("out"), "--threads", "1"))
        {
            // In the middle of the second run.
            while (process.StandardError.ReadLine() is { } line && !line.EndsWith("p2 begins", StringComparison.Ordinal)) { }
            string run = folder.File("out/runs/p2");
            while (!Directory.Exists(run) || Directory.GetDirectories(run, "checkpoint-*").Length == 0) Thread.Sleep(10);
            using Process kill = Process.Start("kill", [signal, process.Id.ToString(CultureInfo.InvariantCulture)]);
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.Equal(expected, process.ExitCode);
        }
        Assert.Equal(["name", "p1"], File.ReadLines(folder.File("out/results.csv")).Select(line => line.Split(',')[0]));

        (int exitCode, _, string error) = Trained.Run("sweep", file, "-o", folder.File("out"));
        Assert.True(exitCode == 0, error);
        Assert.DoesNotContain("p1 begins", error, StringComparison.Ordinal);
        Assert.Equal(Whole.Value, SweepSamples.Rows(folder));
        Assert.Empty(Directory.GetFiles(folder.File("out"), ".unfinished-*", SearchOption.AllDirectories));
    }

    /// <summary>The table of the same sweep, never killed.</summary>
    private static readonly Lazy<string[]> Whole = new(() =>
    {
        using var folder = new TempFolder();
        Assert.Equal(0, Trained.Run("sweep", SweepSamples.Write(folder, TwoRuns), "-o", folder.File("out"), "--threads", "1").ExitCode);
        return SweepSamples.Rows(folder);
    });

    private static void TwoRuns(JsonObject sweep)
    {
        sweep.Remove("models");
        sweep["base"]!["hidden"] = 16;
        sweep["base"]!["steps"] = 200;
        sweep["base"]!["save_every"] = 20;
        sweep["grid"] = new JsonObject { ["streams"] = new JsonArray(1, 2) };
    }

    [Fact]
    public void A_folder_of_something_else_is_refused()
    {
        using var folder = new TempFolder();
        string file = SweepSamples.Write(folder);
        File.WriteAllText(folder.File("taken"), "");
        Directory.CreateDirectory(folder.File("used"));
        File.WriteAllText(folder.File("used/mine.txt"), "mine");
        Refused(2, "error SW-04: -o ", file, folder.File("taken"));
        Refused(2, "is not the folder of a sweep", file, folder.File("used"));
        Refused(3, "error RC-01: none.json: is not there", folder.File("none.json"), folder.File("out"));
        File.WriteAllText(folder.File("broken.json"), "{ \"base\": ");
        Refused(3, "error RC-01: broken.json: is not JSON", folder.File("broken.json"), folder.File("out"));
        Refused(2, "error TR-10: sweep.json: run S-p1-s1: --warmup must be 0 to --steps", SweepSamples.Write(folder, s => s["base"]!["warmup"] = 13), folder.File("out"));
        Refused(3, "error TR-16: sweep.json: run S-p1-s1: --tokenizer", SweepSamples.Write(folder, s => s["base"]!["tokenizer"] = "gone"), folder.File("out"));
        Assert.False(Directory.Exists(folder.File("out")));
        Assert.Equal([folder.File("used/mine.txt")], Directory.GetFileSystemEntries(folder.File("used")));
    }

    [Fact]
    public void Runs_may_be_added_to_a_sweep_and_none_changed()
    {
        using var folder = new TempFolder();
        string file = SweepSamples.Write(folder, Small);
        Assert.Equal(0, Trained.Run("sweep", file, "-o", folder.File("out"), "--threads", "1").ExitCode);
        Refused(2, "steps of run S-p1-s1 was 12 and is 13 now", Changed(s => s["base"]!["steps"] = 13), folder.File("out"));
        Refused(2, "clip of run S-p1-s1 was not given and is 2 now", Changed(s => s["base"]!["clip"] = 2), folder.File("out"));
        Refused(2, "run S-p1-s1 is missing in the file", Changed(s => s["grid"]!["seed"] = new JsonArray(2)), folder.File("out"));
        Refused(2, "was begun with --threads 1", Changed(_ => { }), folder.File("out"), "--threads", "2");
        Assert.Equal(0, Trained.Run("sweep", Changed(s => s["grid"]!["seed"] = new JsonArray(2, 1)), "-o", folder.File("out")).ExitCode);
        Assert.Equal(["name", "S-p1-s2", "S-p1-s1"], SweepSamples.Rows(folder).Select(row => row.Split(',')[0]));

        using var held = new FileStream(folder.File("out/sweep.lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Refused(4, "is in use by another sweep", Changed(s => s["grid"]!["seed"] = new JsonArray(2, 1)), folder.File("out"));

        string Changed(Action<JsonObject> change) => SweepSamples.Write(folder, sweep =>
        {
            Small(sweep);
            change(sweep);
        });
    }

    [Fact]
    public void Rows_of_other_data_are_not_taken_for_fresh_ones()
    {
        using var folder = new TempFolder();
        string file = SweepSamples.Write(folder, Small);
        string text = File.ReadAllText(folder.File("text.txt"));
        Assert.Equal(0, Trained.Run("sweep", file, "-o", folder.File("out"), "--threads", "1").ExitCode);
        File.Copy(folder.File("out/results.csv"), folder.File("done.csv"));

        File.WriteAllText(folder.File("text.txt"), text + " more of it");
        Refused(2, "error SW-12: -o ", file, folder.File("out"));
        Refused(2, "error SW-10: --done ", file, folder.File("other"), "--threads", "1", "--done", folder.File("done.csv"));
        Assert.False(Directory.Exists(folder.File("other")));
        File.Delete(folder.File("text.txt"));
        Refused(3, "text.txt", file, folder.File("other"));
        Assert.False(Directory.Exists(folder.File("other")));

        File.WriteAllText(folder.File("text.txt"), text);
        Refused(2, "error SW-10: --done ", file, folder.File("other"), "--threads", "2", "--done", folder.File("done.csv"));
        Assert.Equal(0, Trained.Run("sweep", file, "-o", folder.File("out")).ExitCode);
        (int exitCode, _, string error) = Trained.Run("sweep", file, "-o", folder.File("other"), "--threads", "1", "--done", folder.File("done.csv"));
        Assert.True(exitCode == 0 && !error.Contains("begins", StringComparison.Ordinal), error);
        Assert.Equal(SweepSamples.Rows(folder), SweepSamples.Rows(folder, "other"));
    }

    [Fact]
    public void A_first_model_with_other_streams_on_the_same_backbone_is_another()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, InProcess.Run(Samples.Run(folder, "plain", ("--streams", "1"))).ExitCode);
        string file = SweepSamples.Write(folder, sweep =>
        {
            sweep.Remove("models");
            foreach (string shape in (string[])["layers", "heads", "kv_heads", "prefix_tokens"]) sweep["base"]!.AsObject().Remove(shape);
            sweep["base"]!["from"] = "first";
            sweep["grid"] = new JsonObject { ["seed"] = new JsonArray(1) };
        });
        First("--seed", "1");
        Assert.Equal(0, Trained.Run("sweep", file, "-o", folder.File("out"), "--threads", "1").ExitCode);
        File.Copy(folder.File("out/results.csv"), folder.File("done.csv"));
        First("--seed", "2");
        Refused(2, "error SW-12: -o ", file, folder.File("out"));
        Refused(2, "error SW-10: --done ", file, folder.File("other"), "--threads", "1", "--done", folder.File("done.csv"));
        // The weights are the same, but not what the run begins with.
        First("--smooth", "0.2");
        Refused(2, "error SW-12: -o ", file, folder.File("out"));
        First("--seed", "1");
        Assert.Equal(0, Trained.Run("sweep", file, "-o", folder.File("out")).ExitCode);

        void First(params string[] flags)
        {
            if (Directory.Exists(folder.File("first"))) Directory.Delete(folder.File("first"), recursive: true);
            Assert.Equal(0, InProcess.Run(["convert", "-m", folder.File("plain/final"), "-o", folder.File("first"), "--streams", "2", "--init", "paper", .. flags]).ExitCode);
        }
    }

    [Fact]
    public void A_full_disk_is_an_error_and_the_sweep_goes_on_when_there_is_room()
    {
        using var folder = new TempFolder();
        string file = SweepSamples.Write(folder, Small);
        string program = Path.Combine(AppContext.BaseDirectory, "parscale-train.dll");
        // A disk of 256 KiB holds no run; then a larger one takes its place, with the same files.
        const string Script = """
            mount -t tmpfs -o size=256k none "$2" 2>/dev/null || exit 99
            dotnet "$1" sweep "$3" -o "$2/out" --threads 1; first=$?
            cat "$2/out/results.csv" | wc -l
            mount -o remount,size=64m "$2" || exit 99
            dotnet "$1" sweep "$3" -o "$2/out"; echo "exits $first $?"
            wc -l < "$2/out/results.csv"
            """;
        Directory.CreateDirectory(folder.File("disk"));
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/unshare")) Assert.Skip("needs unshare");
        (int exitCode, string output, string error) = Unshared(Script, program, folder.File("disk"), file);
        if (exitCode == 99 || output.Length == 0) Assert.Skip("this system lets nobody mount");
        Assert.True(output.Trim().Split('\n') is ["1", "exits 4 0", "2"], output + error);
        Assert.Contains("error SW-07: 1 of 1 runs failed, S-p1-s1 with exit code 4", error, StringComparison.Ordinal);
    }

    private static (int ExitCode, string Output, string Error) Unshared(string script, params string[] words)
    {
        var info = new ProcessStartInfo("unshare", ["-rm", "sh", "-c", script, "sh", .. words]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(info) ?? throw new InvalidOperationException("unshare did not start");
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }

    private static void Small(JsonObject sweep)
    {
        sweep["models"] = new JsonArray(new JsonObject { ["name"] = "S", ["hidden"] = 16, ["intermediate"] = 24 });
        sweep["grid"] = new JsonObject { ["streams"] = new JsonArray(1), ["seed"] = new JsonArray(1) };
    }

    private static void Refused(int expected, string message, string file, string output, params string[] more)
    {
        (int exitCode, _, string error) = Trained.Run(["sweep", file, "-o", output, .. more]);
        Assert.Equal((expected, 1), (exitCode, error.TrimEnd('\n').Split('\n').Length));
        Assert.Contains(message, error, StringComparison.Ordinal);
    }
}
