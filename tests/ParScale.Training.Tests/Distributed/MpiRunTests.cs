using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ParScale.Training.Checkpointing;
using ParScale.Training.Commands;

namespace ParScale.Training.Tests.Distributed;

/// <summary>Whole runs by several processes.</summary>
public sealed class MpiRunTests
{
    private const string Program = "parscale-train.dll";
    private static readonly (string, string)[] Long = [("--steps", "300"), ("--save-every", "50"), ("--eval-every", "1000")];

    [Theory]
    [InlineData(2, "1", "4", "1", false)]
    [InlineData(3, "2", "5", "2", true)]
    public void Several_processes_compute_what_one_does(int processes, string streams, string batch, string accumulate, bool packed)
    {
        Mpirun.Require();
        using var folder = new TempFolder();
        (string, string)[] changes = [("--streams", streams), ("--batch", batch), ("--eval-every", "1"), ("--save-dtype", "f32"), .. Data(folder, packed)];
        Assert.Equal(0, CommandLine.Run(Samples.Run(folder, "one", changes)));
        foreach (string output in (string[])["many", "again"])
        {
            (int exitCode, string text, string error) = Mpirun.Run(processes, Program, [.. Samples.Run(folder, output, [.. changes, ("--accumulate", accumulate)]), "--json"]);
            Assert.True(exitCode == 0, text + error);
            // One of them speaks.
            Assert.Single(error.Split('\n'), line => line.StartsWith("step 12/12", StringComparison.Ordinal));
            Assert.Single(text.Split("\"finished\":true"), part => part.Contains("\"steps\"", StringComparison.Ordinal));
        }
        List<double> one = Losses(folder.File("one")), many = Losses(folder.File("many"));
        Assert.Equal(24, one.Count);
        // InRanksTests has the gradients exactly. These are float32 losses near 6, of which a unit is 5e-7, after at most twelve updates
        // whose sums were formed in another order: a hundred units.
        Assert.All(one.Zip(many), pair => Assert.Equal(pair.First, pair.Second, 5e-5));
        Assert.Equal(File.ReadAllBytes(folder.File("many/final/model.safetensors")), File.ReadAllBytes(folder.File("again/final/model.safetensors")));
    }

    [Fact]
    public void A_signal_saves_and_a_killed_process_leaves_a_checkpoint_and_the_run_goes_on()
    {
        Mpirun.Require();
        using var folder = new TempFolder();
        string[] flags = Samples.Run(folder, "run", Long);
        // To one of them: mpirun would wait a second before it passes the signal on, and kill them a second later.
        Assert.Equal(75, Interrupt(flags, mpirun => Kill("-TERM", Children(mpirun)[1])));
        Assert.Single(Directory.GetDirectories(folder.File("run"), "checkpoint-*"));

        Assert.NotEqual(0, Interrupt([.. flags, "--resume"], mpirun => Kill("-9", Children(mpirun)[1]), steps: 3));
        (int exitCode, _, string error) = Mpirun.Run(2, Program, [.. flags, "--resume"]);
        Assert.True(exitCode == 0, error);
        Assert.Equal(0, Mpirun.Run(2, Program, Samples.Run(folder, "whole", Long)).ExitCode);
        Assert.Equal(File.ReadAllBytes(folder.File("whole/final/model.safetensors")), File.ReadAllBytes(folder.File("run/final/model.safetensors")));
    }

    [Theory]
    [InlineData("-USR1", 75)]
    [InlineData("-TERM", 1)]
    public void A_signal_to_mpirun_itself_saves_too(string signal, int expected)
    {
        Mpirun.Require();
        using var folder = new TempFolder();
        string[] flags = Samples.Run(folder, "run", ("--steps", "1000000"), ("--save-every", "1000000"), ("--eval-every", "1000000"));
        // mpirun forwards the first at once. The second it passes on late, and kills what is left as much later as Mpirun allows.
        Assert.Equal(expected, Interrupt(flags, mpirun => Kill(signal, mpirun)));
        string saved = Assert.Single(Directory.GetDirectories(folder.File("run"), "checkpoint-*"));
        Assert.Null(CheckpointCheck.Find(saved, long.Parse(Path.GetFileName(saved)["checkpoint-".Length..], CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void An_error_of_all_is_told_once_and_its_exit_code_is_that_of_the_job()
    {
        Mpirun.Require();
        using var folder = new TempFolder();
        (int exitCode, _, string error) = Mpirun.Run(2, Program, Samples.Run(folder, "run", ("--data", folder.File("none.txt"))));
        Assert.Equal(3, exitCode);
        Assert.Single(error.Split('\n'), line => line.Contains("parscale-train: error", StringComparison.Ordinal));
        (exitCode, _, error) = Mpirun.Run(2, Program, Samples.Run(folder, "run", ("--batch", "1")));
        Assert.Equal(2, exitCode);
        Assert.Contains("--batch must be at least 2", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("run")));
    }

    /// <summary>Waits for some lines of progress, interrupts the job, and returns its exit code.</summary>
    private static int Interrupt(string[] flags, Action<int> how, int steps = 1)
    {
        using Process process = Mpirun.Start(2, Program, flags);
        while (steps > 0 && process.StandardError.ReadLine() is { } line)
            if (line.StartsWith("step", StringComparison.Ordinal)) steps--;
        how(process.Id);
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }

    private static void Kill(string signal, int process)
    {
        using Process kill = Process.Start("kill", [signal, process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static int[] Children(int process) =>
    [
        .. File.ReadAllText($"/proc/{process}/task/{process}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(id => int.Parse(id, CultureInfo.InvariantCulture)),
    ];

    private static (string, string)[] Data(TempFolder folder, bool packed)
    {
        if (!packed) return [];
        string[] inputs = Samples.Inputs(folder);
        string shards = folder.File("shards");
        Assert.Equal(0, CommandLine.Run(["data", .. inputs, "-o", shards, "--format", "lines", "--val-fraction", "0.1"]));
        return [("--data", shards)];
    }

    private static List<double> Losses(string run)
    {
        var losses = new List<double>();
        foreach (string line in File.ReadLines(Path.Combine(run, "log.jsonl")))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            if (!row.RootElement.TryGetProperty("train_loss", out JsonElement loss)) continue;
            losses.AddRange([loss.GetDouble(), row.RootElement.GetProperty("val_loss_per_token").GetDouble()]);
        }
        return losses;
    }
}
