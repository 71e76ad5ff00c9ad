using System.Text.Json.Nodes;
using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Training.Checkpointing;
using ParScale.Training.Commands;
using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Runs;

/// <summary>Helpers that train beside an anchor: against float64 loops and the engine, whole and on a frozen backbone.</summary>
public sealed class AnchoredRunTests(ITestOutputHelper output)
{
    private static readonly (string, string)[] Anchored = [("--streams", "3"), ("--anchored", "true"), ("--lr", "1e-2"), ("--steps", "40"), ("--prefix-std", "0.3"), ("--save-dtype", "f32")];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void The_training_model_is_the_independent_one_with_all_helpers_and_with_some()
    {
        using var folder = new TempFolder();
        CheckpointConfig config = RandomCheckpoint.Config(4, heads: 6, keyValueHeads: 2, anchored: true);
        RandomCheckpoint.Write(folder.Path, config, seed: 5);
        int[] tokens = [3, 17, 4, 44, 9, 0, 21, 21, 8, 30];
        ulong[] active = [1, 15, 3, 9, 5, 13, 1, 7, 11, 15];
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using ParScaleLm model = Float64.Load(folder.Path);
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        Oracle oracle = Oracle.Of(checkpoint);
        Tensor states = model.States(tensor(tokens, ScalarType.Int64).view(1, -1));
        Tensor present = tensor(Enumerable.Range(0, 4).SelectMany(p => active.Select(mask => (double)(mask >> p & 1))).ToArray()).view(4, 1, -1);
        double[] Of(Tensor mixed) => [.. model.Logits(mixed).flatten().data<double>()];
        Assert.InRange(Rounding.Distance(oracle.Logits(tokens).SelectMany(row => row), Of(model.Mix(states))), 0, 1e-11);
        double[] some = [.. oracle.Logits(tokens, [.. active.Select(mask => Enumerable.Range(0, 4).Select(p => (mask >> p & 1) == 1).ToArray())]).SelectMany(row => row)];
        Assert.InRange(Rounding.Distance(some, Of(model.MixPresent(states, present))), 0, 1e-11);
    }

    [Fact]
    public void A_run_saves_a_model_that_the_engine_runs_with_any_of_its_streams()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, CommandLine.Run(Samples.Run(folder, "run", [.. Anchored, ("--elastic", "1,2,3")])));
        CheckpointConfig config = CheckpointConfig.Load(folder.File("run/final"));
        Assert.Equal(("qwen2_parscale_anchored", true), (config.ModelType, config.Streams.Anchored));
        using LanguageModel engine = LanguageModel.Load(folder.File("run/final"));
        int[] tokens = engine.Tokenizer.Encode("the king of nights");
        (double[] exact, double allowed) = Float64.Logits(folder.File("run/final"), tokens);
        int vocabulary = engine.Config.VocabularySize;
        double error = exact[^vocabulary..].Zip(engine.Logits(tokens, Stop).Last, (a, b) => Math.Abs(a - b)).Max();
        output.WriteLine($"{error / exact.Max(Math.Abs):E2} of the largest logit");
        Assert.InRange(error, 0, Math.Min(allowed, 1e-5 * exact.Max(Math.Abs)));
        foreach (int count in (int[])[1, 2])
        {
            Assert.Equal(0, CommandLine.Run(["slice", "-m", folder.File("run/final"), "--streams", $"{count}", "-o", folder.File($"p{count}")]));
            using LanguageModel own = LanguageModel.Load(folder.File($"p{count}"));
            Assert.Equal(count > 1, own.Streams.IsAnchored);
            Assert.Equal(own.Logits(tokens, Stop).Last, engine.Logits(tokens, count, Stop).Last);
        }
        double[] losses = [.. File.ReadLines(folder.File("run/log.jsonl")).Select(line => JsonNode.Parse(line)!["val_loss_per_token"]).Where(loss => loss is not null).Select(loss => loss!.GetValue<double>())];
        Assert.True(losses[^1] < losses[0], "nothing was learned");
    }

    [Fact]
    public void Helpers_learn_beside_a_frozen_model_and_leave_it_as_it_is()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, CommandLine.Run(Samples.Run(folder, "plain", ("--streams", "1"), ("--lr", "1e-2"), ("--save-dtype", "f32"))));
        string[] flags =
        [
            "train", .. Samples.Inputs(folder), "--from", folder.File("plain/final"), "--streams", "3", "--anchored", "--train", "streams", "--context", "16", "--batch", "4",
            "--steps", "20", "--warmup", "0", "--lr", "1e-2", "--eval-every", "10", "--threads", "1", "--save-dtype", "f32", "--prefix-tokens", "4", "--stream-drop", "0.3",
        ];
        Assert.Equal(0, CommandLine.Run([.. flags, "-o", folder.File("helpers")]));
        Assert.NotNull(CheckpointConfig.Load(folder.File("helpers/final")).Backbone);
        using LanguageModel plain = LanguageModel.Load(folder.File("plain/final")), helped = LanguageModel.Load(folder.File("helpers/final"));
        int[] tokens = plain.Tokenizer.Encode("the king of nights");
        Assert.True(helped.Streams.IsAnchored);
        Assert.Equal(plain.Logits(tokens, Stop).Last, helped.Logits(tokens, 1, Stop).Last);
        Assert.NotEqual(plain.Logits(tokens, Stop).Last, helped.Logits(tokens, Stop).Last);
    }

    [Theory]
    [InlineData("--streams", "1")]
    [InlineData("--elastic", "1,2")]
    public void Flags_that_do_not_go_together_are_refused(string flag, string value)
    {
        using var folder = new TempFolder();
        Assert.Equal(2, CommandLine.Run(Samples.Run(folder, "run", [.. Anchored, (flag, value)])));
        Assert.False(Directory.Exists(folder.File("run")));
    }

    [Theory]
    [InlineData("--anchored=false", "error TR-22: --anchored=false: ")]
    [InlineData("--init=paper", "error TR-22: --init paper: ")]
    [InlineData("--init=keep", "error TR-22: --init keep: ")]
    public void What_the_streams_of_a_model_cannot_become_is_refused(string flag, string message)
    {
        using var folder = new TempFolder();
        Assert.Equal(0, CommandLine.Run(Samples.Run(folder, "run", [.. Anchored, ("--steps", "2"), ("--warmup", "0")])));
        string[] flags = ["train", .. Samples.Inputs(folder), "--from", folder.File("run/final"), "--context", "16", "--batch", "4", "--steps", "1", "--warmup", "0"];
        (int exitCode, string[] errors) = InProcess.Run([.. flags, flag, "-o", folder.File("more")]);
        Assert.Equal(2, exitCode);
        Assert.Contains(message, Assert.Single(errors), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("more")));
        // What a run says of itself begins it again.
        Assert.Equal(0, CommandLine.Run([.. flags, "--anchored", "-o", folder.File("more")]));
        Assert.Equal(0, CommandLine.Run(["train", "--config", folder.File("more/run.json"), "-o", folder.File("again")]));
    }

    [Fact]
    public void Streams_with_caches_of_their_own_do_not_become_helpers()
    {
        using var folder = new TempFolder();
        string model = folder.File("m");
        using (var ordinary = new ParScaleLm(RandomCheckpoint.Config(2, vocabulary: 300)))
        {
            Samples.Inputs(folder);
            ModelFolder.Save(ordinary, model, ParScale.Checkpoints.Safetensors.TensorType.F32, folder.File("tokenizer"));
        }
        Assert.Equal(2, CommandLine.Run(["train", .. Samples.Inputs(folder), "--from", model, "--anchored", "--context", "8", "--batch", "2", "--steps", "1", "--warmup", "0", "-o", folder.File("run")]));
    }
}
