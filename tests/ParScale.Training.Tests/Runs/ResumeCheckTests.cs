using System.Diagnostics;
using System.Text.Json;

namespace ParScale.Training.Tests.Runs;

/// <summary>Resuming with other options, other data, another shape.</summary>
public sealed class ResumeCheckTests
{
    [Fact]
    public void Another_model_is_refused_and_every_difference_named()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, InProcess.Run(Samples.Run(folder, "run")).ExitCode);
        string[] other = [.. Samples.Run(folder, "run", ("--hidden", "32"), ("--streams", "4")), "--resume", "--allow-changed"];
        (int exitCode, string[] errors) = InProcess.Run(other);
        Assert.Equal(3, exitCode);
        Assert.StartsWith("parscale-train: error CK-06: checkpoint-12: ", Assert.Single(errors), StringComparison.Ordinal);
        Assert.Contains("hidden_size is 16 there and 32 now", errors[0], StringComparison.Ordinal);
        Assert.Contains("streams is 2 there and 4 now", errors[0], StringComparison.Ordinal);
    }

    [Fact]
    public void An_anchor_cannot_be_given_or_taken_away()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, InProcess.Run(Samples.Run(folder, "run", ("--anchored", "true"))).ExitCode);
        (int exitCode, string[] errors) = InProcess.Run([.. Samples.Run(folder, "run", ("--steps", "16")), "--resume", "--allow-changed"]);
        Assert.Equal(3, exitCode);
        Assert.Contains("error CK-06: checkpoint-12: is of another model: anchored is true there and false now", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--seed", "2", "seed is 1 there and 2 now")]
    [InlineData("--batch", "8", "batch is 4 there and 8 now")]
    [InlineData("--lr", "1e-3", "learning_rate is 0.002 there and 0.001 now")]
    public void A_changed_option_is_refused_unless_allowed(string flag, string value, string named)
    {
        using var folder = new TempFolder();
        Assert.Equal(0, InProcess.Run(Samples.Run(folder, "run")).ExitCode);
        string[] other = [.. Samples.Run(folder, "run", (flag, value), ("--steps", "16")), "--resume"];
        (int exitCode, string[] errors) = InProcess.Run(other);
        Assert.Equal(3, exitCode);
        Assert.StartsWith("parscale-train: error CK-07: checkpoint-12: ", Assert.Single(errors), StringComparison.Ordinal);
        Assert.Contains(named, errors[0], StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("run/checkpoint-16")));

        (exitCode, errors) = InProcess.Run([.. other, "--allow-changed"]);
        Assert.Equal(0, exitCode);
        Assert.StartsWith("note: continuing from checkpoint-12 with changes: ", errors[0], StringComparison.Ordinal);
        Assert.Contains(named, errors[0], StringComparison.Ordinal);
        Assert.True(Directory.Exists(folder.File("run/checkpoint-16")));
        // From then on the new options are those of the run.
        Assert.Equal(0, InProcess.Run(other).ExitCode);
    }

    [Fact]
    public void Changed_data_are_exit_6_and_other_data_exit_3_unless_allowed()
    {
        using var folder = new TempFolder();
        string[] flags = Samples.Run(folder, "run");
        Assert.Equal(0, InProcess.Run(flags).ExitCode);
        string data = folder.File("text.txt"), text = File.ReadAllText(data);

        File.WriteAllText(data, text[1..]);
        (int exitCode, string[] errors) = InProcess.Run([.. flags, "--resume"]);
        Assert.Equal(6, exitCode);
        Assert.Contains("TD-08", Assert.Single(errors), StringComparison.Ordinal);

        File.WriteAllText(data, text);
        File.WriteAllText(folder.File("other.txt"), text[1..]);
        string[] other = [.. Samples.Run(folder, "run", ("--data", folder.File("other.txt")), ("--steps", "16")), "--resume"];
        (exitCode, errors) = InProcess.Run(other);
        Assert.Equal(3, exitCode);
        Assert.Contains("CK-07: checkpoint-12: is of a run with other options: data is another", Assert.Single(errors), StringComparison.Ordinal);

        Assert.Equal(0, InProcess.Run([.. other, "--allow-changed"]).ExitCode);
        // The best loss on the old text compares with none on the new one: the new best is of the new text.
        using JsonDocument state = JsonDocument.Parse(File.ReadAllText(folder.File("run/checkpoint-16/trainer_state.json")));
        Assert.Equal(16, state.RootElement.GetProperty("best_step").GetInt64());
    }

    [Fact]
    public void The_same_data_under_another_name_are_the_same()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, InProcess.Run(Samples.Run(folder, "run")).ExitCode);
        File.Copy(folder.File("text.txt"), folder.File("moved.txt"));
        Assert.Equal(0, InProcess.Run([.. Samples.Run(folder, "run", ("--data", folder.File("moved.txt"))), "--resume"]).ExitCode);
    }

    [Fact]
    public void A_finished_run_that_goes_on_has_no_result_until_it_is_finished_again()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, InProcess.Run(Samples.Run(folder, "run")).ExitCode);
        string result = folder.File("run/result.json"), log = folder.File("run/log.jsonl");
        string[] rows = File.ReadAllLines(log);
        Assert.Equal(0, InProcess.Run([.. Samples.Run(folder, "run"), "--resume"]).ExitCode);
        Assert.Equal(rows, File.ReadAllLines(log));
        using (Process process = Trained.Start([.. Samples.Run(folder, "run", ("--steps", "100000")), "--resume", "--allow-changed"]))
        {
            while (!Directory.Exists(folder.File("run/checkpoint-18")) && !process.HasExited) Thread.Sleep(10);
            process.Kill();
            process.WaitForExit();
        }
        Assert.False(File.Exists(result));
        string[] more = File.ReadAllLines(log);
        using JsonDocument options = JsonDocument.Parse(more[0]);
        Assert.Equal(100000, options.RootElement.GetProperty("steps").GetInt64());
        Assert.Equal(rows[1..], more[1..rows.Length]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_best_model_that_is_gone_or_of_steps_that_were_lost_is_made_anew(bool gone)
    {
        using var folder = new TempFolder();
        (string, string)[] exact = [("--eval-every", "6"), ("--save-dtype", "f32"), ("--lr", "1e-2")];
        Assert.Equal(0, InProcess.Run(Samples.Run(folder, "run", exact)).ExitCode);
        Directory.Delete(folder.File("run/checkpoint-12"), recursive: true);
        if (gone) Directory.Delete(folder.File("run/best"), recursive: true);
        // The rate is so low that nothing more is learned: no step after the sixth is better.
        (string, string)[] still = [.. exact[..2], ("--lr", "1e-12"), ("--min-lr", "0")];
        (int exitCode, string[] errors) = InProcess.Run([.. Samples.Run(folder, "run", still), "--resume", "--allow-changed"]);
        Assert.True(exitCode == 0, errors[^1]);
        using JsonDocument result = JsonDocument.Parse(File.ReadAllText(folder.File("run/result.json")));
        double Loss(string name) => result.RootElement.GetProperty(name).GetProperty("per_token").GetDouble();
        Assert.Equal(Loss("final"), Loss("best"), 1e-6);
        Assert.Equal(12, result.RootElement.GetProperty("best_step").GetInt64());
    }

    [Fact]
    public void Fewer_steps_than_were_made_are_refused()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, InProcess.Run(Samples.Run(folder, "run")).ExitCode);
        (int exitCode, string[] errors) = InProcess.Run([.. Samples.Run(folder, "run", ("--steps", "8")), "--resume", "--allow-changed"]);
        Assert.Equal(3, exitCode);
        Assert.Contains("is beyond --steps 8", Assert.Single(errors), StringComparison.Ordinal);
    }
}
