using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Training.Checkpointing;
using ParScale.Training.Commands;

namespace ParScale.Training.Tests.Runs;

public sealed class TrainingRunTests
{
    [Theory]
    [InlineData("f32", "0")]
    [InlineData("bf16", "0.1")]
    public void A_resumed_run_equals_an_unbroken_one_bit_for_bit(string compute, string dropout)
    {
        using var folder = new TempFolder();
        string[] flags = Samples.Run(folder, "run", ("--compute", compute), ("--dropout", dropout));
        Assert.Equal(0, CommandLine.Run(flags));
        byte[] weights = File.ReadAllBytes(folder.File("run/checkpoint-12/model.safetensors"));
        byte[] moments = File.ReadAllBytes(folder.File("run/checkpoint-12/optimizer.safetensors"));
        double[] losses = Losses(folder.File("run/log.jsonl"));

        // What a kill after step 6 leaves: the first checkpoint, rows of steps that were never saved, half a row, half a save.
        Directory.Delete(folder.File("run/checkpoint-12"), recursive: true);
        Directory.Delete(folder.File("run/final"), recursive: true);
        Directory.CreateDirectory(folder.File("run/.unfinished-checkpoint-12"));
        File.AppendAllText(folder.File("run/log.jsonl"), "{\"step\":13,\"tok");

        Assert.Equal(0, CommandLine.Run([.. flags, "--resume"]));
        Assert.Equal(weights, File.ReadAllBytes(folder.File("run/checkpoint-12/model.safetensors")));
        Assert.Equal(moments, File.ReadAllBytes(folder.File("run/checkpoint-12/optimizer.safetensors")));
        Assert.Equal(losses, Losses(folder.File("run/log.jsonl")));
        Assert.False(Directory.Exists(folder.File("run/.unfinished-checkpoint-12")));
    }

    [Fact]
    public void A_row_that_a_signal_left_out_is_written_first_on_resume()
    {
        using var folder = new TempFolder();
        string[] flags = Samples.Run(folder, "run", ("--save-every", "4"));
        Assert.Equal(0, CommandLine.Run(flags));
        string[] rows = Rows(folder);

        // What a signal during the validation at step 8 leaves: a checkpoint that still holds the losses of steps 5 to 8.
        foreach (string name in (string[])["checkpoint-12", "final"]) Directory.Delete(folder.File($"run/{name}"), recursive: true);
        JsonNode state = JsonNode.Parse(File.ReadAllText(folder.File("run/checkpoint-8/trainer_state.json")))!;
        JsonNode row = JsonNode.Parse(File.ReadLines(folder.File("run/log.jsonl")).ElementAt(2))!;
        state["loss_count"] = 4;
        state["loss_sum"] = 4 * row["train_loss"]!.GetValue<double>();
        File.WriteAllText(folder.File("run/checkpoint-8/trainer_state.json"), state.ToJsonString());
        CheckpointManifest.Write(folder.File("run/checkpoint-8"), 8);

        Assert.Equal(0, CommandLine.Run([.. flags, "--resume"]));
        Assert.Equal(rows, Rows(folder));
    }

    [Fact]
    public void The_loss_falls_and_the_log_tells_it()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, CommandLine.Run(Samples.Run(folder, "run", ("--steps", "60"), ("--lr", "1e-2"), ("--eval-every", "20"))));
        string[] lines = File.ReadAllLines(folder.File("run/log.jsonl"));
        using JsonDocument options = JsonDocument.Parse(lines[0]);
        Assert.Equal(2, options.RootElement.GetProperty("streams").GetInt32());
        Assert.Equal(1 + 6, lines.Length);
        double[] losses = Losses(folder.File("run/log.jsonl"));
        Assert.True(losses[^1] < losses[0] - 0.5, string.Join(' ', losses));
    }

    [Fact]
    public void A_run_keeps_as_many_checkpoints_as_asked()
    {
        using var folder = new TempFolder();
        foreach (int keep in (int[])[1, 3])
        {
            Assert.Equal(0, CommandLine.Run(Samples.Run(folder, $"run{keep}", ("--save-every", "3"), ("--keep", $"{keep}"))));
            Assert.Equal(keep, Directory.GetDirectories(folder.File($"run{keep}"), "checkpoint-*").Length);
        }
        Assert.Equal(2, CommandLine.Run(Samples.Run(folder, "none", ("--keep", "0"))));
    }

    [Fact]
    public void A_run_keeps_two_checkpoints_and_plain_folders_that_load()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, CommandLine.Run(Samples.Run(folder, "run", ("--save-every", "3"), ("--save-dtype", "bf16"))));
        string[] folders = [.. Directory.EnumerateFileSystemEntries(folder.File("run")).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal)];
        Assert.Equal(["best", "checkpoint-12", "checkpoint-9", "curves.svg", "final", "log.jsonl", "result.json", "run.json", "run.lock", "tensorboard"], folders);
        foreach ((string name, TensorType type) in new[] { ("best", TensorType.BF16), ("final", TensorType.BF16), ("checkpoint-12", TensorType.F32) })
        {
            using Checkpoint checkpoint = Checkpoint.Open(folder.File($"run/{name}"));
            Assert.Equal(type, checkpoint.Get("model.layers.1.self_attn.prefix_k").Info.Type);
            Assert.Equal(2, checkpoint.Config.Streams.Count);
            Assert.Equal([299], checkpoint.Config.Model.EndOfTextIds);
            Assert.Equal(300, ParScale.Text.Tokenizer.Load(folder.File($"run/{name}")).VocabularySize);
        }
    }

    [Fact]
    public void Streams_see_the_same_data()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, CommandLine.Run(Samples.Run(folder, "two", ("--lr", "1e-9"), ("--min-lr", "1e-9"))));
        Assert.Equal(0, CommandLine.Run(Samples.Run(folder, "one", ("--lr", "1e-9"), ("--min-lr", "1e-9"), ("--streams", "1"))));
        // At the start all models predict about the same: what differs from batch to batch is the data.
        double[] two = Losses(folder.File("two/log.jsonl"));
        double[] one = Losses(folder.File("one/log.jsonl"));
        Assert.All(two.Zip(one), pair => Assert.Equal(pair.First, pair.Second, 0.02));
    }

    [Fact]
    public void A_used_folder_is_left_alone_without_resume()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("run"));
        File.WriteAllText(folder.File("run/mine.txt"), "mine");
        Assert.Equal(2, CommandLine.Run(Samples.Run(folder, "run")));
        Assert.Equal([folder.File("run/mine.txt")], Directory.GetFileSystemEntries(folder.File("run")));
    }

    /// <summary>The rows of the log without what depends on the clock.</summary>
    private static string[] Rows(TempFolder folder) =>
    [
        .. File.ReadLines(folder.File("run/log.jsonl")).Skip(1).Select(line =>
        {
            JsonObject row = JsonNode.Parse(line)!.AsObject();
            row.Remove("tokens_per_second");
            row.Remove("elapsed_seconds");
            row.Remove("share_of_peak");
            row.Remove("memory_bytes");
            row.Remove("live_tensors");
            return row.ToJsonString();
        }),
    ];

    private static double[] Losses(string log) =>
    [
        .. File.ReadLines(log).Skip(1).Select(line =>
        {
            using JsonDocument row = JsonDocument.Parse(line);
            return row.RootElement.GetProperty("train_loss").GetDouble();
        }),
    ];
}
