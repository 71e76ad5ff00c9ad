using System.Text.Json.Nodes;
using ParScale.Training.Commands;
using ParScale.Training.Configuration;
using ParScale.Training.Evaluation;
using ParScale.Training.Inputs;
using ParScale.Training.Modules;
using ParScale.Training.Reporting;
using ParScale.Training.Runs;
using ParScale.Training.Tests.Runs;
using TorchSharp;

namespace ParScale.Training.Tests.Reporting;

public sealed class RunReportsTests
{
    [Fact]
    public void The_share_of_the_peak_is_work_over_what_the_machine_can_do()
    {
        using var folder = new TempFolder();
        string[] inputs = Samples.Inputs(folder);
        using RunInputs files = RunInputs.Load(inputs[1], inputs[3]);
        TrainingOptions options = TrainerTests.OptionsOf(files);
        using var model = new ParScaleLm(options.Config(files.Tokenizer.VocabularySize, null));
        using var reports = new RunReports(folder.Path, model.Config, new TrainerState(0, 0, null, 0, options), torch.CPU, null, files.Tokenizer);
        Assert.Null(reports.Speed);
        reports.Write(new LogRow(10, 640, 3, null, null, 1e-3, 1, 1000, 1), model);
        reports.Write(new LogRow(20, 1280, 3, null, null, 1e-3, 1, 3000, 2), model);

        RunSpeed speed = reports.Speed!;
        Assert.Equal(1500, speed.TokensPerSecond);
        Assert.Equal(ModelWork.TrainingPerToken(model.Config, options.Context), speed.FlopsPerToken);
        Assert.Equal(1500 * speed.FlopsPerToken / speed.MatrixFlopsPerSecond, speed.ShareOfPeak, 1e-6);
        double[] shares = [.. Lines(folder.File("log.jsonl")).Skip(1).Select(row => row["share_of_peak"]!.GetValue<double>())];
        Assert.Equal([speed.ShareOfPeak * 2 / 3, speed.ShareOfPeak * 2], shares, (a, b) => Math.Abs(a - b) < 1e-4);
    }

    [Fact]
    public void Tensors_and_memory_stay_as_they_are_over_steps_evaluations_samples_and_pictures()
    {
        using var folder = new TempFolder();
        string[] flags = Samples.Run(folder, "run", ("--steps", "120"), ("--eval-every", "20"), ("--sample-prompt", "the"), ("--sample-tokens", "3"));
        Assert.Equal(0, CommandLine.Run(flags));
        JsonObject[] rows = [.. Lines(folder.File("run/log.jsonl")).Skip(1)];
        Assert.Equal(12, rows.Length);
        // The first evaluation keeps the tables of its length.
        long[] live = [.. rows.Skip(3).Select(row => row["live_tensors"]!.GetValue<long>())];
        Assert.Equal(live.Max(), live.Min());
        Assert.All(rows, row => Assert.InRange(row["memory_bytes"]!.GetValue<long>(), 1 << 20, 1L << 40));
    }

    [Fact]
    public void Samples_are_written_at_every_evaluation_and_not_twice_after_a_resume()
    {
        using var folder = new TempFolder();
        string[] flags = Samples.Run(folder, "run", ("--sample-prompt", "the \u001b[31mking"), ("--sample-tokens", "6"));
        Assert.Equal(0, CommandLine.Run(flags));
        string[] first = File.ReadAllLines(folder.File("run/samples.jsonl"));
        JsonObject[] rows = Lines(folder.File("run/samples.jsonl"));
        Assert.Equal([4, 8, 12], rows.Select(row => row["step"]!.GetValue<int>()));
        Assert.All(rows, row => Assert.Equal("the \u001b[31mking", row["prompt"]!.GetValue<string>()));

        Directory.Delete(folder.File("run/checkpoint-12"), recursive: true);
        Assert.Equal(0, CommandLine.Run([.. flags, "--resume"]));
        Assert.Equal(first, File.ReadAllLines(folder.File("run/samples.jsonl")));
    }

    [Fact]
    public void A_sample_on_the_screen_cannot_steer_the_terminal()
    {
        string shown = ProgressLineTests.Captured(() => ProgressLine.Show(new SampleRow(4, "a\u001b[2J", "b\nc\a")));
        Assert.Equal($"sample at step 4:\n  a\uFFFD[2Jb\n  c\uFFFD{Environment.NewLine}", shown);
    }

    private static JsonObject[] Lines(string path) => [.. File.ReadLines(path).Select(line => JsonNode.Parse(line)!.AsObject())];
}
