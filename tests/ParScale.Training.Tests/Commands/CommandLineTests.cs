using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ParScale.Training.Commands;

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
    [InlineData("--steps", "9223372036854775807")]
    [InlineData("--accumulate", "5")]
    [InlineData("--schedule", "linear")]
    [InlineData("--decay-fraction", "0")]
    [InlineData("--beta1", "1")]
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

    [Theory]
    [InlineData("train --stream 4", "\"--stream\" is no flag; did you mean --streams?")]
    [InlineData("train --activation-checkpoint", "did you mean --activation-checkpointing?")]
    [InlineData("train --recompte", "did you mean --recompute?")]
    [InlineData("train --learning=3", "\"--learning\" is no flag; parscale-train train --help lists all")]
    [InlineData("train --lr -1 --btach 3", "did you mean --batch?")]
    [InlineData("train --no-such-flag-at-all 1", "\"--no-such-flag-at-all\" is no flag; parscale-train train --help lists all")]
    [InlineData("convert --modle x -o y", "did you mean --model?")]
    [InlineData("data --tokeniser t", "did you mean --tokenizer?")]
    [InlineData("plot run --ouput x.svg", "did you mean --output?")]
    [InlineData("sweep --jbos 2 file.json -o x", "did you mean --jobs?")]
    [InlineData("trian --streams 4", "\"--streams\" is no flag")]
    [InlineData("trian", "\"trian\" is no command; did you mean train?")]
    [InlineData("tokenizer --data x --deubg", "did you mean --debug?")]
    public void A_misspelt_word_gets_its_nearest_name(string words, string message)
    {
        (int exitCode, string[] errors) = InProcess.Run(words.Split(' '));
        Assert.Equal(2, exitCode);
        Assert.Contains(message, Assert.Single(errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("8194", "1")]
    [InlineData("2052", "1026")]
    [InlineData("524288", "128")]
    public void A_shape_that_the_loader_refuses_is_never_trained(string hidden, string heads)
    {
        using var folder = new TempFolder();
        var error = new StringWriter();
        TextWriter before = Console.Error;
        Console.SetError(error);
        try
        {
            Assert.Equal(2, CommandLine.Run(Samples.Run(folder, "run", ("--hidden", hidden), ("--heads", heads))));
        }
        finally
        {
            Console.SetError(before);
        }
        Assert.StartsWith("parscale-train: error TR-10: the flags describe a model that cannot be loaded", error.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("run")));
    }

    [Fact]
    public void Numbers_do_not_depend_on_the_country()
    {
        using var folder = new TempFolder();
        CultureInfo before = CultureInfo.CurrentCulture;
        // As in German, made by hand: a machine without ICU has no German.
        var german = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (german.NumberFormat.NumberDecimalSeparator, german.NumberFormat.NumberGroupSeparator) = (",", ".");
        try
        {
            CultureInfo.CurrentCulture = german;
            Assert.Equal(0, CommandLine.Run(Samples.Run(folder, "run", ("--lr", "0.002"), ("--steps", "2"), ("--warmup", "1"))));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
        using JsonDocument options = JsonDocument.Parse(File.ReadLines(folder.File("run/log.jsonl")).First());
        Assert.Equal(0.002, options.RootElement.GetProperty("learning_rate").GetDouble());
    }

    [Fact]
    public void Missing_data_is_exit_3_and_a_shape_without_end_is_exit_7()
    {
        using var folder = new TempFolder();
        (int exitCode, _, string error) = Trained.Run(Samples.Run(folder, "run", ("--data", folder.File("none.txt"))));
        Assert.Equal(3, exitCode);
        Assert.Contains("none.txt", error, StringComparison.Ordinal);
        Assert.Equal(3, Trained.Run(Samples.Run(folder, "run", ("--tokenizer", folder.File("none")))).ExitCode);
        string[] large = Samples.Run(folder, "run", ("--hidden", "65536"), ("--heads", "16"), ("--layers", "1000"));
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
