using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace ParScale.Training.Tests.Commands;

/// <summary>The command line from outside, as its own process.</summary>
public sealed class CommandLineTests
{
    private static readonly (string, string)[] Long = [("--steps", "400"), ("--save-every", "1000"), ("--eval-every", "1000")];

    [Theory]
    [InlineData("--streams", "0")]
    [InlineData("--heads", "3")]
    [InlineData("--kv-heads", "3")]
    [InlineData("--hidden", "2147483647")]
    [InlineData("--lr", "NaN")]
    [InlineData("--lr", "fast")]
    [InlineData("--min-lr", "1")]
    [InlineData("--val-fraction", "1")]
    [InlineData("--save-dtype", "q4")]
    [InlineData("--batch", "-1")]
    [InlineData("--warmup", "13")]
    [InlineData("--no-such-flag", "1")]
    public void A_bad_flag_is_one_line_and_exit_2(string flag, string value)
    {
        using var folder = new TempFolder();
        (int exitCode, _, string error) = Trained.Run(Samples.Run(folder, "run", (flag, value)));
        Assert.Equal(2, exitCode);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
        Assert.StartsWith("parscale-train: error TR-", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("run")));
    }

    [Fact]
    public void Missing_data_is_exit_3_and_a_shape_without_end_is_exit_7()
    {
        using var folder = new TempFolder();
        (int exitCode, _, string error) = Trained.Run(Samples.Run(folder, "run", ("--data", folder.File("none.txt"))));
        Assert.Equal(3, exitCode);
        Assert.Contains("none.txt", error, StringComparison.Ordinal);
        Assert.Equal(3, Trained.Run(Samples.Run(folder, "run", ("--tokenizer", folder.File("none")))).ExitCode);
        string[] large = Samples.Run(folder, "run", ("--hidden", "65536"), ("--layers", "1000"));
        Assert.Equal(7, Trained.Run(large).ExitCode);
        Assert.False(Directory.Exists(folder.File("run")));
    }

    [Fact]
    public void Json_is_one_object_on_stdout()
    {
        using var folder = new TempFolder();
        (int exitCode, string output, string error) = Trained.Run([.. Samples.Run(folder, "run"), "--json"]);
        Assert.Equal(0, exitCode);
        using JsonDocument result = JsonDocument.Parse(output);
        Assert.True(result.RootElement.GetProperty("finished").GetBoolean());
        Assert.True(result.RootElement.GetProperty("best").GetProperty("per_character").GetDouble() > 0);
        Assert.Contains("tokens/s", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_signal_saves_and_exits_75_and_the_run_goes_on()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs kill");
        using var folder = new TempFolder();
        string[] flags = Samples.Run(folder, "run", Long);
        using (Process process = Trained.Start(flags))
        {
            while (process.StandardError.ReadLine() is { } line && !line.StartsWith("step", StringComparison.Ordinal)) { }
            using Process kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.Equal(75, process.ExitCode);
        }
        Assert.Single(Directory.GetDirectories(folder.File("run"), "checkpoint-*"));
        Assert.Equal(0, Trained.Run([.. flags, "--resume"]).ExitCode);

        string[] whole = Samples.Run(folder, "whole", Long);
        Assert.Equal(0, Trained.Run(whole).ExitCode);
        Assert.Equal(File.ReadAllBytes(folder.File("whole/final/model.safetensors")), File.ReadAllBytes(folder.File("run/final/model.safetensors")));
    }

    [Fact]
    public void Tokenizer_writes_both_files_and_refuses_a_vocabulary_the_text_cannot_fill()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("t.txt"), Samples.Text(300));
        Assert.Equal(0, Trained.Run("tokenizer", "--data", folder.File("t.txt"), "--vocab", "280", "-o", folder.File("tok")).ExitCode);
        Assert.Equal(280, ParScale.Text.Tokenizer.Load(folder.File("tok")).VocabularySize);
        (int exitCode, _, string error) = Trained.Run("tokenizer", "--data", folder.File("t.txt"), "--vocab", "90000", "-o", folder.File("no"));
        Assert.Equal(3, exitCode);
        Assert.Contains("--vocab", error, StringComparison.Ordinal);
        Assert.Equal(2, Trained.Run("tokenizer", "--data", folder.File("t.txt"), "--vocab", "256", "-o", folder.File("no")).ExitCode);
        Assert.False(Directory.Exists(folder.File("no")));
    }
}
