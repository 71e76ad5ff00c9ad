using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Training.Checkpointing;
using ParScale.Training.Commands;
using ParScale.Training.Modules;

namespace ParScale.Training.Tests.Runs;

/// <summary>Runs that go on from another model: stage two, frozen backbone, full continual; prefix MLP.</summary>
public sealed class ModesTests
{
    private static readonly string[] Shape = ["--hidden", "--intermediate", "--layers", "--heads", "--kv-heads", "--tokenizer", "--prefix-tokens"];

    [Fact]
    public void Stage_two_adds_streams_and_trains_every_weight()
    {
        using var folder = new TempFolder();
        string plain = Plain(folder);
        Assert.Equal(0, CommandLine.Run(From(folder, "two", plain, ("--streams", "3"), ("--prefix-tokens", "5"))));
        using ParScaleLm before = ModelFolder.Load(plain), after = ModelFolder.Load(folder.File("two/final"));
        Assert.Equal((3, 5), (after.Config.Streams.Count, after.Config.Streams.PrefixTokens));
        Assert.Null(after.Config.Backbone);
        var trained = after.state_dict();
        foreach ((string name, var value) in before.state_dict()) Assert.False(value.equal(trained[name]).all().item<bool>(), name);
        JsonElement row = LastRow(folder, "two");
        JsonElement streams = row.GetProperty("streams");
        Assert.Equal(3, streams.GetProperty("losses").GetArrayLength());
        Assert.InRange(streams.GetProperty("rho").GetDouble(), 0.5, 1.0001);
        Assert.InRange(streams.GetProperty("cosine").GetDouble(), -1, 1.0001);
        Assert.InRange(streams.GetProperty("weight_entropy").GetDouble(), 0, 1.0001);
        Assert.InRange(streams.GetProperty("weight_balance").GetDouble(), 0, 1.0001);
    }

    [Fact]
    public void Added_streams_that_keep_the_function_start_at_the_old_loss()
    {
        using var folder = new TempFolder();
        string plain = Plain(folder);
        // The rate is so low that nothing is learned.
        (string, string)[] still = [("--lr", "1e-12"), ("--min-lr", "0"), ("--save-dtype", "f32")];
        Assert.Equal(0, CommandLine.Run(From(folder, "one", plain, still)));
        Assert.Equal(0, CommandLine.Run(From(folder, "keep", plain, [.. still, ("--streams", "2"), ("--init", "keep")])));
        double one = LastRow(folder, "one").GetProperty("val_loss_per_token").GetDouble();
        double keep = LastRow(folder, "keep").GetProperty("val_loss_per_token").GetDouble();
        Assert.Equal(one, keep, one * 0.005);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("6")]
    public void A_frozen_run_saves_an_addon_and_resumes_bit_for_bit(string prefixMlp)
    {
        using var folder = new TempFolder();
        string plain = Plain(folder);
        byte[] backbone = File.ReadAllBytes(Path.Combine(plain, "model.safetensors"));
        string[] flags = From(folder, "frozen", plain, ("--streams", "2"), ("--prefix-tokens", "4"), ("--train", "streams"), ("--prefix-mlp", prefixMlp));
        Assert.Equal(0, CommandLine.Run(flags));
        Assert.Equal(backbone, File.ReadAllBytes(Path.Combine(plain, "model.safetensors")));
        using (SafetensorsFile addon = SafetensorsFile.Open(folder.File("frozen/final/model.safetensors")))
        using (SafetensorsFile moments = SafetensorsFile.Open(folder.File("frozen/checkpoint-12/optimizer.safetensors")))
        using (Checkpoint whole = Checkpoint.Open(folder.File("frozen/final")))
        {
            Assert.Equal(ModelTensors.Expected(whole.Config).Select(t => t.Name).Where(ModelTensors.IsOfStreams).Order(), addon.Tensors.Keys.Order());
            Assert.DoesNotContain(moments.Tensors.Keys, name => name.Contains("embed", StringComparison.Ordinal));
            Assert.Equal("../../plain/final", whole.Config.Backbone!.Path);
        }
        using (LanguageModel engine = LanguageModel.Load(folder.File("frozen/final"))) Assert.Equal(2, engine.Streams.Count);

        byte[] weights = File.ReadAllBytes(folder.File("frozen/checkpoint-12/model.safetensors"));
        Directory.Delete(folder.File("frozen/checkpoint-12"), recursive: true);
        Directory.Delete(folder.File("frozen/final"), recursive: true);
        Assert.Equal(0, CommandLine.Run([.. flags, "--resume"]));
        Assert.Equal(weights, File.ReadAllBytes(folder.File("frozen/checkpoint-12/model.safetensors")));
    }

    [Fact]
    public void An_addon_merges_into_a_folder_that_computes_the_same()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, CommandLine.Run(From(folder, "frozen", Plain(folder), ("--streams", "2"), ("--train", "streams"), ("--save-dtype", "f32"))));
        Assert.Equal(0, CommandLine.Run(["convert", "-m", folder.File("frozen/final"), "-o", folder.File("whole"), "--merge"]));
        using LanguageModel addon = LanguageModel.Load(folder.File("frozen/final")), whole = LanguageModel.Load(folder.File("whole"));
        Assert.Null(CheckpointConfig.Load(folder.File("whole")).Backbone);
        CancellationToken stop = TestContext.Current.CancellationToken;
        Assert.Equal(addon.Logits([1, 2, 3, 4], stop).Last, whole.Logits([1, 2, 3, 4], stop).Last);
    }

    [Fact]
    public void A_run_goes_on_from_an_addon_on_the_same_backbone_or_with_all_weights()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, CommandLine.Run(From(folder, "frozen", Plain(folder), ("--streams", "2"), ("--train", "streams"))));
        Assert.Equal(0, CommandLine.Run(From(folder, "more", folder.File("frozen/final"), ("--train", "streams"))));
        Assert.Equal("../../plain/final", CheckpointConfig.Load(folder.File("more/final")).Backbone!.Path);
        Assert.Equal(0, CommandLine.Run(From(folder, "all", folder.File("frozen/final"))));
        Assert.Null(CheckpointConfig.Load(folder.File("all/final")).Backbone);
    }

    [Fact]
    public void A_changed_backbone_ends_a_frozen_run()
    {
        using var folder = new TempFolder();
        string plain = Plain(folder);
        string[] flags = From(folder, "frozen", plain, ("--streams", "2"), ("--train", "streams"));
        Assert.Equal(0, CommandLine.Run(flags));
        Assert.Equal(0, CommandLine.Run(From(folder, "other", plain)));
        File.Copy(folder.File("other/final/model.safetensors"), Path.Combine(plain, "model.safetensors"), overwrite: true);
        Assert.Equal(3, CommandLine.Run([.. flags, "--resume"]));
        Assert.Equal("AD-02", Assert.Throws<ParScaleException>(() => LanguageModel.Load(folder.File("frozen/final"))).Code);
    }

    [Fact]
    public void Other_streams_on_the_same_backbone_are_a_change_that_may_be_allowed()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, CommandLine.Run(From(folder, "frozen", Plain(folder), ("--streams", "2"), ("--train", "streams"))));
        string[] flags = From(folder, "more", folder.File("frozen/final"), ("--train", "streams"));
        Assert.Equal(0, CommandLine.Run(flags));
        File.Copy(folder.File("more/final/model.safetensors"), folder.File("frozen/final/model.safetensors"), overwrite: true);
        (int exitCode, string[] errors) = InProcess.Run([.. flags, "--resume"]);
        Assert.Equal(3, exitCode);
        Assert.Contains("error CK-07: checkpoint-12: is of a run with other options: from is ", Assert.Single(errors), StringComparison.Ordinal);
        Assert.Equal(0, CommandLine.Run([.. flags, "--resume", "--allow-changed"]));
    }

    [Fact]
    public void The_penalty_makes_final_states_less_alike()
    {
        using var folder = new TempFolder();
        (string, string)[] run = [("--streams", "2"), ("--steps", "40"), ("--lr", "1e-2"), ("--eval-every", "40"), ("--save-every", "40")];
        double[] cosines =
        [
            .. ((string[])["0", "1"]).Select(weight =>
            {
                Assert.Equal(0, CommandLine.Run(Samples.Run(folder, weight, [.. run, ("--decorrelate", weight)])));
                return LastRow(folder, weight).GetProperty("streams").GetProperty("cosine").GetDouble();
            }),
        ];
        Assert.True(cosines[1] < cosines[0] - 0.2, string.Join(' ', cosines));
    }

    [Fact]
    public void Flags_that_do_not_fit_the_model_are_refused()
    {
        using var folder = new TempFolder();
        string plain = Plain(folder);
        Assert.Equal(0, CommandLine.Run(["convert", "-m", plain, "-o", folder.File("two"), "--streams", "2", "--prefix-tokens", "4", "--init", "paper"]));
        string[] ok = From(folder, "run", plain);
        foreach (string[] wrong in (string[][])
            [
                [.. ok, "--hidden", "16"], [.. ok, "--train", "streams"], [.. ok, "--prefix-mlp", "4"], [.. ok, "--prefix-tokens", "4"],
                [.. ok, "--init", "paper"], [.. ok, "--init", "keep"], [.. ok, "--streams", "1", "--init", "keep"],
                From(folder, "run", plain, ("--context", "17")), From(folder, "run", folder.File("two"), ("--streams", "3")),
                From(folder, "run", folder.File("two"), ("--prefix-tokens", "5")), Samples.Run(folder, "run", ("--train", "streams")),
                ["train", "--data", folder.File("text.txt"), "-o", folder.File("run")],
            ])
        {
            Assert.Equal(2, CommandLine.Run(wrong));
            Assert.False(Directory.Exists(folder.File("run")));
        }
    }

    [Theory]
    [InlineData("--prefix-tokens must be 1 to 4096", "--streams", "4", "--prefix-tokens", "0", "--init", "paper")]
    [InlineData("--prefix-tokens must be 1 to 4096", "--streams", "2", "--prefix-tokens", "5000")]
    [InlineData("--smooth must be 0 to 1", "--streams", "2", "--smooth", "1.5")]
    [InlineData("--streams must be 1 to 64", "--streams", "65", "--prefix-tokens", "1")]
    public void Streams_that_the_loader_refuses_are_refused_before_the_run(string message, params string[] flags)
    {
        using var folder = new TempFolder();
        string model = folder.File("m");
        Samples.Inputs(folder);
        using (var plain = new ParScaleLm(RandomCheckpoint.Config(1, vocabulary: 300))) ModelFolder.Save(plain, model, TensorType.F32, folder.File("tokenizer"));
        string[] from = ["train", .. Samples.Inputs(folder), "--from", model, "--context", "8", "--batch", "2", "--steps", "1", "--warmup", "0", "-o", folder.File("run")];
        foreach (string[] words in (string[][])[[.. from, .. flags], [.. from, .. flags, "--dry-run"], [.. Samples.Run(folder, "run", [.. flags.Chunk(2).Select(pair => (pair[0], pair[1]))])]])
        {
            (int exitCode, string[] errors) = InProcess.Run(words);
            Assert.Equal(2, exitCode);
            Assert.Contains($"error TR-10: {message}", Assert.Single(errors), StringComparison.Ordinal);
            Assert.False(Directory.Exists(folder.File("run")));
        }
    }

    /// <summary>A plain model of 16 numbers and 12 steps.</summary>
    private static string Plain(TempFolder folder)
    {
        Assert.Equal(0, CommandLine.Run(Samples.Run(folder, "plain", ("--streams", "1"), ("--lr", "1e-2"), ("--save-dtype", "f32"))));
        return folder.File("plain/final");
    }

    /// <summary>The flags of a run of twelve steps from <paramref name="source"/>, without those that its model gives.</summary>
    private static string[] From(TempFolder folder, string output, string source, params (string Flag, string Value)[] changes)
    {
        string[] all = Samples.Run(folder, output);
        IEnumerable<string> kept = all.Skip(1).Chunk(2).Where(pair => !Shape.Contains(pair[0]) && pair[0] != "--streams").SelectMany(pair => pair);
        List<string> flags = ["train", .. kept, "--from", source];
        foreach ((string flag, string value) in changes)
        {
            int index = flags.IndexOf(flag);
            if (index < 0) flags.AddRange([flag, value]);
            else flags[index + 1] = value;
        }
        return [.. flags];
    }

    private static JsonElement LastRow(TempFolder folder, string run) =>
        JsonSerializer.SerializeToElement(JsonNode.Parse(File.ReadLines(folder.File($"{run}/log.jsonl")).Last()));
}
