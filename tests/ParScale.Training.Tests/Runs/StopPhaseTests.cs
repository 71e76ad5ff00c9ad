using System.Diagnostics;
using System.Globalization;

namespace ParScale.Training.Tests.Runs;

/// <summary>SIGTERM in each phase of a run, from outside: the moment is read from the files that the run makes.</summary>
public sealed class StopPhaseTests
{
    /// <summary>A shape whose steps, saves and validations take long enough to be hit.</summary>
    private static readonly (string, string)[] Slow =
    [
        ("--hidden", "64"), ("--intermediate", "256"), ("--layers", "2"), ("--context", "64"), ("--batch", "16"), ("--steps", "6"),
        ("--save-every", "2"), ("--eval-every", "2"), ("--val-fraction", "0.5"),
    ];

    [Fact]
    public void While_reading_the_data_it_ends_at_once_and_nothing_is_made()
    {
        RequireUnix();
        using var folder = new TempFolder();
        string[] flags = Samples.Run(folder, "run", ("--data", folder.File("pipe")));
        using (Process make = Process.Start("mkfifo", [folder.File("pipe")])) make.WaitForExit();
        // A pipe that nobody writes to is data that never come. The trainer opens it within this second, or soon after.
        using Process process = Trained.Start(flags);
        Thread.Sleep(1000);
        string error = Stop(process);
        Assert.Equal("stopped while reading the data, before any step: nothing was lost\n", error);
        Assert.Equal(75, process.ExitCode);
        Assert.False(Directory.Exists(folder.File("run")));
    }

    [Fact]
    public void While_preparing_the_data_it_ends_at_once()
    {
        RequireUnix();
        using var folder = new TempFolder();
        string[] flags = Samples.Run(folder, "run", Slow);
        string text = Samples.Text(3000);
        File.WriteAllText(folder.File("text.txt"), string.Concat(Enumerable.Repeat(text, 2000)));
        AssertStopsWhile("preparing the data", flags, folder);
    }

    [Fact]
    public void While_building_the_model_it_ends_at_once()
    {
        RequireUnix();
        using var folder = new TempFolder();
        string[] flags = Samples.Run(folder, "run", ("--hidden", "1024"), ("--intermediate", "4096"), ("--layers", "8"));
        AssertStopsWhile("building the model", flags, folder);
        // The folder was made, and a start with --resume continues in it.
        Assert.Empty(Directory.GetDirectories(folder.File("run")));
        Assert.Equal(0, InProcess.Run([.. Samples.Run(folder, "run"), "--resume"]).ExitCode);
    }

    [Theory]
    [InlineData("a save", ".unfinished-checkpoint-2", 0)]
    [InlineData("a step", "checkpoint-2", 30)]
    [InlineData("a validation", "checkpoint-2", 150)]
    [InlineData("a save of the best", ".unfinished-best", 0)]
    [InlineData("the last save", "checkpoint-6", 0)]
    [InlineData("the final measurement", "final", 30)]
    public void From_the_first_step_on_it_saves_and_the_run_goes_on(string phase, string sign, int milliseconds)
    {
        RequireUnix();
        using var folder = new TempFolder();
        string[] flags = Samples.Run(folder, "run", Slow);
        using Process process = Trained.Start(flags);
        Await(() => Path.Exists(folder.File($"run/{sign}")), process);
        Thread.Sleep(milliseconds);
        string error = Stop(process);
        Assert.True(process.ExitCode == 75, $"{phase}: {process.ExitCode}\n{error}");
        Assert.Contains("stopped and saved at step ", error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(folder.File("run"), ".*"));
        Assert.NotEmpty(Directory.GetDirectories(folder.File("run"), "checkpoint-*"));

        Assert.Equal(0, InProcess.Run([.. flags, "--resume"]).ExitCode);
        Assert.Equal(Whole.Value, File.ReadAllBytes(folder.File("run/final/model.safetensors")));
    }

    [Fact]
    public void In_the_first_step_it_saves_that_step_and_a_second_interrupt_ends_it_at_once()
    {
        RequireUnix();
        using var folder = new TempFolder();
        string[] flags = Samples.Run(folder, "run", [.. Slow.Where(flag => flag.Item1 != "--batch"), ("--batch", "512")]);
        using (Process saving = InFirstStep(flags, folder))
        {
            Assert.Contains("stopped and saved at step 1 of 6", Stop(saving), StringComparison.Ordinal);
            Assert.Equal(75, saving.ExitCode);
            Assert.True(Directory.Exists(folder.File("run/checkpoint-1")));
        }
        for (int tries = 1; ; tries++)
        {
            using Process ending = InFirstStep(flags, folder);
            string error = Stop(ending, "-INT");
            // Where the step ended before the second signal came, the run was saved as above.
            if (ending.ExitCode == 75 && tries < 5) continue;
            Assert.Equal("ended at once; the newest checkpoint is intact\n", error);
            Assert.Equal(130, ending.ExitCode);
            break;
        }
        Assert.Equal(0, InProcess.Run([.. Samples.Run(folder, "run"), "--resume"]).ExitCode);
    }

    /// <summary>A process that was interrupted in its first step, of a few seconds, and is about to save.</summary>
    private static Process InFirstStep(string[] flags, TempFolder folder)
    {
        for (int delay = 500; ; delay *= 2)
        {
            if (Directory.Exists(folder.File("run"))) Directory.Delete(folder.File("run"), recursive: true);
            Process process = Trained.Start(flags);
            Await(() => File.Exists(folder.File("run/log.jsonl")), process);
            Thread.Sleep(delay);
            Send(process, "-TERM");
            // The settings of the run come before anything else.
            string? first = process.StandardError.ReadLine();
            while (first?.StartsWith("settings: ", StringComparison.Ordinal) == true) first = process.StandardError.ReadLine();
            if (first == "stopping: the run is saved first (Ctrl+C ends it at once)") return process;
            Assert.StartsWith("stopped while building", first, StringComparison.Ordinal);
            process.Dispose();
        }
    }

    /// <summary>The weights of the same run, never stopped.</summary>
    private static readonly Lazy<byte[]> Whole = new(() =>
    {
        using var folder = new TempFolder();
        Assert.Equal(0, InProcess.Run(Samples.Run(folder, "run", Slow)).ExitCode);
        return File.ReadAllBytes(folder.File("run/final/model.safetensors"));
    });

    /// <summary>How long a phase takes depends on the machine: signals come later and later until one finds the run in it.</summary>
    private static void AssertStopsWhile(string phase, string[] flags, TempFolder folder)
    {
        var seen = new List<string>();
        for (int delay = 300; delay < 20_000; delay += delay / 2)
        {
            if (Directory.Exists(folder.File("run"))) Directory.Delete(folder.File("run"), recursive: true);
            using Process process = Trained.Start(flags);
            process.WaitForExit(delay);
            string error = Stop(process);
            seen.Add($"{delay} ms: {process.ExitCode} {error}");
            if (process.ExitCode == 75 && error.EndsWith($"stopped while {phase}, before any step: nothing was lost\n", StringComparison.Ordinal)) return;
        }
        Assert.Fail(string.Join('\n', seen));
    }

    private static void Await(Func<bool> condition, Process process)
    {
        for (var clock = Stopwatch.StartNew(); !condition(); Thread.Sleep(1))
            Assert.True(clock.Elapsed.TotalSeconds < 60 && !process.HasExited, "the run never came so far");
    }

    /// <summary>Sends the signal, waits for the end, and returns what came on stderr since.</summary>
    private static string Stop(Process process, string signal = "-TERM")
    {
        Send(process, signal);
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return error;
    }

    private static void Send(Process process, string signal)
    {
        using Process kill = Process.Start("kill", [signal, process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static void RequireUnix()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs kill");
    }
}
