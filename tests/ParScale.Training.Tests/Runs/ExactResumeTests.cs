using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using ParScale.Training.Commands;

namespace ParScale.Training.Tests.Runs;

/// <summary>
/// A run stopped by SIGTERM at four of its steps and resumed, against the same steps without a stop: every loss of every step, training
/// and validation, and the weights and moments at the end are equal bit for bit.
/// </summary>
public sealed class ExactResumeTests
{
    private static readonly (string, string)[] Exact =
    [
        ("--lr", "5e-3"), ("--save-every", "1000"), ("--eval-every", "1"), ("--val-fraction", "0.01"), ("--dropout", "0.1"),
    ];

    [Theory]
    [InlineData("plain", "--streams", "1", 90)]
    [InlineData("streams", "--compute", "bf16", 210)]
    [InlineData("prefix MLP", "--prefix-mlp", "8", 90)]
    [InlineData("accumulated", "--accumulate", "2", 90)]
    [InlineData("elastic", "--elastic", "1,2", 90)]
    [InlineData("streams dropped", "--stream-drop", "0.4", 90)]
    public void A_run_stopped_four_times_equals_one_that_was_not(string mode, string flag, string value, int steps)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs kill");
        using var folder = new TempFolder();
        (string, string)[] settings = [.. Exact, ("--steps", $"{steps}"), (flag, value)];
        string[] whole = Samples.Run(folder, "whole", settings), stopped = Samples.Run(folder, "stopped", settings);
        (int exitCode, string[] errors) = InProcess.Run(whole);
        Assert.True(exitCode == 0, errors[^1]);

        var random = new Random(mode.Length);
        int apart = (steps - 10) / 4;
        long[] stops = [.. Enumerable.Range(0, 4).Select(i => (long)i * apart + random.Next(1, apart / 2))];
        foreach (long stop in stops) RunUntil(stop, stopped);
        Assert.Equal(0, CommandLine.Run([.. stopped, "--resume"]));

        Assert.Equal(Rows(folder, "whole", steps), Rows(folder, "stopped", steps));
        string[] tensors = [.. Directory.GetFiles(folder.File($"whole/checkpoint-{steps}"), "*.safetensors")];
        Assert.Equal(mode == "prefix MLP" ? 3 : 2, tensors.Length);
        foreach (string file in tensors)
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(folder.File($"stopped/checkpoint-{steps}/{Path.GetFileName(file)}")));
    }

    /// <summary>Resumes the run and sends this process SIGTERM when the row of a step, or of a later one, appears.</summary>
    private static void RunUntil(long step, string[] flags)
    {
        TextWriter before = Console.Error;
        using var watch = new Watch(step);
        Console.SetError(watch);
        try
        {
            int exitCode = CommandLine.Run([.. flags, "--resume"]);
            Assert.True(exitCode == 75, $"{exitCode} at step {step}: {watch.Last}");
        }
        finally
        {
            Console.SetError(before);
        }
    }

    /// <summary>The rows of the log without what depends on the clock.</summary>
    private static string[] Rows(TempFolder folder, string run, int steps)
    {
        string[] timed = ["tokens_per_second", "elapsed_seconds", "share_of_peak", "memory_bytes", "live_tensors"];
        string[] rows =
        [
            .. File.ReadLines(folder.File($"{run}/log.jsonl")).Skip(1).Select(line =>
            {
                JsonObject row = JsonNode.Parse(line)!.AsObject();
                foreach (string name in timed) row.Remove(name);
                return row.ToJsonString();
            }),
        ];
        Assert.Equal(steps, rows.Length);
        Assert.Contains("val_loss_per_token", rows[0], StringComparison.Ordinal);
        return rows;
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);

    /// <summary>Stands for stderr. The signal comes some steps later: it is another thread that takes it.</summary>
    private sealed class Watch(long step) : StringWriter(CultureInfo.InvariantCulture)
    {
        private const int Terminate = 15;

        private bool _sent;

        public string? Last { get; private set; }

        public override void WriteLine(string? value)
        {
            Last = value;
            if (_sent || value?.Split(' ', '/') is not ["step", { } number, ..] || long.Parse(number, CultureInfo.InvariantCulture) < step) return;
            _sent = true;
            Assert.Equal(0, Kill(Environment.ProcessId, Terminate));
        }
    }
}
