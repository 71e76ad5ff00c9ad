using System.Text.Json;
using ParScale.Checkpoints.Safetensors;
using ParScale.Training.Checkpointing;
using ParScale.Training.Commands;
using ParScale.Training.Configuration;
using ParScale.Training.Data.Order;
using ParScale.Training.Distributed;
using ParScale.Training.Evaluation;
using ParScale.Training.Inputs;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using ParScale.Training.Reporting;
using ParScale.Training.Runs;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Runs;

public sealed class SkippedStepsTests
{
    [Fact]
    public void A_step_without_a_finite_loss_changes_nothing_and_is_named()
    {
        using var folder = new TempFolder();
        (TrainerState end, byte[][] before, byte[][] after) = Run(folder, [3, 4, 6], maxSkipped: 10);
        Assert.Equal((8, 3, 0), (end.Step, end.Skipped, end.SkippedInARow));
        Assert.Equal(before, after);
        JsonElement[] lines = [.. File.ReadLines(folder.File("run/skipped.jsonl")).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
        Assert.Equal([4, 5, 7], lines.Select(line => line.GetProperty("step").GetInt64()));
        Assert.Equal([1, 2, 1], lines.Select(line => line.GetProperty("in_a_row").GetInt32()));
        Assert.Equal((12, 15), (lines[0].GetProperty("first_row").GetInt64(), lines[0].GetProperty("last_row").GetInt64()));
        Assert.Equal("NaN", lines[0].GetProperty("loss").GetString());
        Assert.DoesNotContain("NaN", File.ReadAllText(folder.File("run/log.jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public void So_many_in_a_row_end_the_run()
    {
        using var folder = new TempFolder();
        var error = Assert.Throws<ParScaleException>(() => Run(folder, [1, 3, 4, 5, 6], maxSkipped: 3));
        Assert.Equal(("TR-07", ErrorKind.Usage), (error.Code, error.Kind));
        Assert.Contains("3 steps in a row, up to 6,", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rate_that_destroys_the_weights_ends_a_run_with_exit_2()
    {
        using var folder = new TempFolder();
        string[] flags = Samples.Run(folder, "run", ("--lr", "1e30"), ("--warmup", "0"), ("--max-skipped", "4"));
        Assert.Equal(2, CommandLine.Run(flags));
        Assert.Equal(4, File.ReadLines(folder.File("run/skipped.jsonl")).Count());
        Assert.False(Directory.Exists(folder.File("run/best")));
    }

    [Fact]
    public void Weights_that_only_skipped_steps_follow_are_measured_at_the_end()
    {
        using var folder = new TempFolder();
        // The first step destroys them, step 10 is logged, and nothing is left to log after it.
        Assert.Equal(2, CommandLine.Run(Samples.Run(folder, "run",
            ("--lr", "1e30"), ("--warmup", "0"), ("--steps", "12"), ("--eval-every", "1000"), ("--max-skipped", "20"))));
        Assert.Equal(11, File.ReadLines(folder.File("run/skipped.jsonl")).Count());
        Assert.False(Directory.Exists(folder.File("run/final")));
    }

    [Fact]
    public void A_last_step_that_destroys_the_weights_is_no_success()
    {
        using var folder = new TempFolder();
        Assert.Equal(2, CommandLine.Run(Samples.Run(folder, "run", ("--lr", "1e30"), ("--warmup", "0"), ("--steps", "1"))));
        Assert.False(Directory.Exists(folder.File("run/best")));
    }

    /// <summary>Runs eight steps, whose losses are not numbers at some of them; gives weights and moments before and after the first of those.</summary>
    private static (TrainerState End, byte[][] Before, byte[][] After) Run(TempFolder folder, int[] poisoned, int maxSkipped)
    {
        string[] inputs = Samples.Inputs(folder);
        RunInputs files = RunInputs.Load(inputs[1], inputs[3]);
        TrainingOptions options = TrainerTests.OptionsOf(files) with { MaxSkipped = maxSkipped };
        using var model = new ParScaleLm(options.Config(files.Tokenizer.VocabularySize, null), seed: 1);
        using var optimizer = new AdamW(model.named_parameters(), 0.99, 0.1);
        using var run = new RunFolder(folder.File("run"), inputs[3], TensorType.F32);
        run.Prepare(resume: false);
        RunData data = files.Source.Cut(options, files.Tokenizer);
        using var poison = new Poison(data.Training, model, optimizer, options.Batch, poisoned);
        var start = new TrainerState(0, 0, null, 0, options);
        using var reports = new RunReports(run.Path, model.Config, start, CPU, null, files.Tokenizer);
        TrainerState end = new Trainer(options, model, optimizer, poison, new Validation(data.HeldOut), run, reports, ProcessGroup.Alone).Run(start, TestContext.Current.CancellationToken);
        return (end, poison.Before, poison.After);
    }

    /// <summary>Rows as they are; at some steps one weight is no number while the loss is computed.</summary>
    private sealed class Poison(IRowOrder rows, ParScaleLm model, AdamW optimizer, int batch, int[] steps) : IRowOrder, IDisposable
    {
        private readonly Tensor _weight = model.get_parameter("model.norm.weight")!;
        private Tensor? _healthy;

        public byte[][] Before { get; private set; } = [];

        public byte[][] After { get; private set; } = [];

        public Batch Rows(long first, int count)
        {
            using var noGradient = no_grad();
            int step = (int)(first / batch);
            if (_healthy is not null)
            {
                Assert.True(_weight.isnan().all().item<bool>());
                _weight.copy_(_healthy);
                if (step == steps[0] + 1) After = Snapshot();
                _healthy.Dispose();
                _healthy = null;
            }
            if (steps.Contains(step))
            {
                if (step == steps[0]) Before = Snapshot();
                _healthy = _weight.clone().DetachFromDisposeScope();
                _weight.fill_(double.NaN);
            }
            return rows.Rows(first, count);
        }

        public void Dispose() => _healthy?.Dispose();

        private byte[][] Snapshot() =>
            [.. model.named_parameters().Select(p => (p.name, (Tensor)p.parameter)).Concat(optimizer.State).Select(p => p.Item2.bytes.ToArray())];
    }
}
