using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Training.Commands;

namespace ParScale.Training.Tests.Runs;

/// <summary>One run for every number of streams: what it logs and saves, what its slices are, and what is refused.</summary>
public sealed class ElasticRunTests(ITestOutputHelper output)
{
    private static readonly (string, string)[] Elastic = [("--streams", "4"), ("--elastic", "all"), ("--lr", "1e-2"), ("--steps", "30"), ("--save-dtype", "f32")];

    [Fact]
    public void Every_number_of_streams_is_logged_saved_and_runs_in_the_engine()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, CommandLine.Run(Samples.Run(folder, "run", Elastic)));
        JsonNode row = JsonNode.Parse(File.ReadLines(folder.File("run/log.jsonl")).Last())!;
        JsonNode final = JsonNode.Parse(File.ReadAllText(folder.File("run/result.json")))!["final"]!;
        double[] logged = Losses(row), saved = Losses(final);
        Assert.Equal(3, logged.Length);
        Assert.Equal(row["val_loss_per_token"]!.GetValue<double>(), logged[^1]);
        output.WriteLine($"logged {string.Join(' ', logged)}; saved {string.Join(' ', saved)}");
        // One stream is the same plain model; the others differ by what the saved prefix of stream 0 takes of its attention.
        Assert.Equal(logged[0], saved[0], 1e-6);
        foreach ((double before, double after) in logged.Zip(saved)) Assert.Equal(before, after, 1e-3);

        Assert.Equal([1, 2, 4], CheckpointConfig.Load(folder.File("run/final")).Streams.Elastic);
        using LanguageModel model = LanguageModel.Load(folder.File("run/final"));
        int[] tokens = model.Tokenizer.Encode("the king of nights");
        CancellationToken stop = TestContext.Current.CancellationToken;
        Assert.Equal([1, 2, 4], model.StreamSets.Select(set => set.Count));
        foreach (int count in (int[])[1, 2, 4])
        {
            string slice = folder.File($"p{count}");
            Assert.Equal(0, CommandLine.Run(["slice", "-m", folder.File("run/final"), "--streams", $"{count}", "-o", slice]));
            CutCheckpoint.Write(folder.File("run/final"), folder.File($"cut{count}"), count);
            AssertSameTensors(folder.File($"cut{count}"), slice);
            CheckpointConfig config = CheckpointConfig.Load(slice);
            Assert.Equal((count, count == 1 ? "qwen2" : "qwen2_parscale"), (config.Streams.Count, config.ModelType));
            if (count == 1) Assert.DoesNotContain("parscale", File.ReadAllText(Path.Combine(slice, "config.json")), StringComparison.OrdinalIgnoreCase);
            using LanguageModel own = LanguageModel.Load(slice);
            Assert.Equal(own.Logits(tokens, stop).Last, model.Logits(tokens, count, stop).Last);
        }
        Assert.Equal(2, CommandLine.Run(["slice", "-m", folder.File("run/final"), "--streams", "3", "-o", folder.File("p3")]));
        Assert.False(Directory.Exists(folder.File("p3")));
    }

    [Fact]
    public void A_run_goes_on_from_an_elastic_model_as_one_and_with_a_prefix_mlp()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, CommandLine.Run(Samples.Run(folder, "run", [.. Elastic, ("--prefix-mlp", "6")])));
        double[] first = Losses(JsonNode.Parse(File.ReadAllText(folder.File("run/result.json")))!["final"]!);
        string[] flags =
        [
            "train", .. Samples.Inputs(folder), "--from", folder.File("run/final"), "--context", "16", "--batch", "4", "--steps", "1", "--warmup", "0",
            "--lr", "1e-12", "--min-lr", "0", "--eval-every", "1", "--threads", "1", "--save-dtype", "f32",
        ];
        Assert.Equal(0, CommandLine.Run([.. flags, "-o", folder.File("more")]));
        Assert.Equal([1, 2, 4], CheckpointConfig.Load(folder.File("more/final")).Streams.Elastic);
        foreach ((double before, double after) in first.Zip(Losses(JsonNode.Parse(File.ReadAllText(folder.File("more/result.json")))!["final"]!)))
            Assert.Equal(before, after, 1e-4);
        Assert.Equal(0, CommandLine.Run([.. flags, "-o", folder.File("other"), "--elastic", "none"]));
        Assert.Empty(CheckpointConfig.Load(folder.File("other/final")).Streams.Elastic);
        Assert.Equal(0, CommandLine.Run(["train", "--config", folder.File("other/run.json"), "-o", folder.File("again")]));
        Assert.Empty(CheckpointConfig.Load(folder.File("again/final")).Streams.Elastic);
    }

    [Fact]
    public void The_new_starts_and_rates_train()
    {
        using var folder = new TempFolder();
        (string, string)[][] ways =
        [
            [("--init", "text")], [("--prefix-std", "0.3"), ("--weight-std", "0.08"), ("--prefix-lr", "3"), ("--aggregator-lr", "0.5")],
            [("--prefix-mlp", "8"), ("--prefix-mlp-start", "random"), ("--prefix-std", "0.26"), ("--stream-loss", "0.5"), ("--stream-drop", "0.3")],
        ];
        for (int i = 0; i < ways.Length; i++)
        {
            Assert.Equal(0, CommandLine.Run(Samples.Run(folder, $"run{i}", ways[i])));
            using LanguageModel model = LanguageModel.Load(folder.File($"run{i}/final"));
            Assert.Equal([1, 2], model.StreamSets.Select(set => set.Count));
            string again = File.ReadAllText(folder.File($"run{i}/run.json"));
            foreach ((string flag, string value) in ways[i])
                Assert.Contains(value, JsonNode.Parse(again)![flag[2..].Replace('-', '_')]!.ToJsonString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--streams", "1", "--elastic", "all")]
    [InlineData("--streams", "4", "--elastic", "1,2")]
    [InlineData("--streams", "4", "--elastic", "1,4,8")]
    [InlineData("--streams", "4", "--elastic", "four")]
    [InlineData("--streams", "4", "--elastic-weights", "1,1,1")]
    [InlineData("--streams", "4", "--elastic-divergence", "0.2")]
    [InlineData("--streams", "1", "--stream-loss", "0.5")]
    [InlineData("--streams", "1", "--stream-drop", "0.5")]
    [InlineData("--streams", "1", "--decorrelate", "0.5")]
    [InlineData("--streams", "2", "--decay-fraction", "0.3")]
    [InlineData("--streams", "2", "--stream-drop", "1")]
    [InlineData("--streams", "1", "--prefix-std", "0.3")]
    [InlineData("--streams", "2", "--prefix-std", "0")]
    [InlineData("--streams", "2", "--weight-std", "0")]
    [InlineData("--streams", "1", "--prefix-lr", "3")]
    [InlineData("--streams", "1", "--aggregator-lr", "3")]
    [InlineData("--streams", "1", "--init", "text")]
    [InlineData("--streams", "2", "--prefix-mlp-start", "random")]
    [InlineData("--streams", "2", "--elastic", "all", "--stream-drop", "0.5")]
    [InlineData("--streams", "4", "--elastic", "all", "--elastic-weights", "1,2")]
    [InlineData("--streams", "4", "--elastic", "4,1,2", "--elastic-weights", "1,1,2")]
    [InlineData("--streams", "4", "--elastic", "1,4,4", "--elastic-weights", "1,2")]
    [InlineData("--streams", "4", "--elastic", "all", "--elastic-weights", "1,0,1")]
    [InlineData("--streams", "2", "--init", "text", "--prefix-std", "0.3")]
    public void What_contradicts_itself_is_refused_by_name(params string[] words)
    {
        using var folder = new TempFolder();
        (string, string)[] changes = [.. words.Chunk(2).Select(pair => (pair[0], pair[1]))];
        (int exitCode, string[] errors) = InProcess.Run(Samples.Run(folder, "run", changes));
        Assert.Equal(2, exitCode);
        Assert.Contains(words[2], errors[^1], StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("run/final")));
    }

    [Fact]
    public void The_flag_alone_means_all_powers_of_two()
    {
        using var folder = new TempFolder();
        string[] run = Samples.Run(folder, "run", ("--streams", "6"));
        foreach ((string[] flags, string? expected) in ((string[], string?)[])[(["--elastic"], "1,2,4,6"), (["--elastic", "6,2,2"], "2,6"), ([], null)])
        {
            (int exitCode, string printed, _) = Trained.Run([.. run, .. flags, "--dry-run", "--json"]);
            Assert.Equal(0, exitCode);
            using JsonDocument result = JsonDocument.Parse(printed);
            JsonElement settings = result.RootElement.GetProperty("settings");
            Assert.Equal(expected, settings.TryGetProperty("elastic", out JsonElement elastic) ? elastic.GetString() : null);
        }
    }

    private static double[] Losses(JsonNode loss) => [.. loss["elastic"]!.AsArray().Select(cut => cut!["loss"]!.GetValue<double>())];

    private static void AssertSameTensors(string expected, string actual)
    {
        using Checkpoint left = Checkpoint.Open(expected), right = Checkpoint.Open(actual);
        Assert.Equal(left.Config.Streams.Count, right.Config.Streams.Count);
        foreach ((string name, _) in ModelTensors.Expected(left.Config))
            Assert.True(left.Get(name).File.Bytes(left.Get(name).Info).SequenceEqual(right.Get(name).File.Bytes(right.Get(name).Info)), name);
    }
}
