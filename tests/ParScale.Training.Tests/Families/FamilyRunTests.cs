using System.Text;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Training.Checkpointing;
using ParScale.Training.Commands;
using ParScale.Training.Configuration;
using ParScale.Training.Data;
using ParScale.Training.Inputs;
using ParScale.Training.Modules;
using ParScale.Training.Reporting;

namespace ParScale.Training.Tests.Families;

/// <summary>A short text and a tokenizer for it.</summary>
public sealed class FamilyInputs : IDisposable
{
    private readonly TempFolder _folder = new();

    public FamilyInputs()
    {
        File.WriteAllText(_folder.File("text.txt"), Samples.Text(300));
        TokenizerWriter.Write(_folder.File("tokenizer"), BpeTrainer.Train(Samples.Text(300), 300 - 257));
    }

    /// <summary>The flags that name both.</summary>
    internal string[] Flags => ["--data", _folder.File("text.txt"), "--tokenizer", _folder.File("tokenizer")];

    public void Dispose() => _folder.Dispose();
}

/// <summary>Runs that start from a model of each kind: all weights, streams alone, elastic; and what is refused.</summary>
public sealed class FamilyRunTests(FamilyInputs inputs) : IClassFixture<FamilyInputs>, IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("gemma3")]
    [InlineData("phi3")]
    [InlineData("qwen2_moe")]
    public void Streams_are_added_trained_alone_merged_and_cut(string name)
    {
        string plain = Plain(name);
        byte[] backbone = File.ReadAllBytes(Path.Combine(plain, "model.safetensors"));
        Assert.Equal(0, Train("addon", plain, "--streams", "2", "--train", "streams", "--elastic"));
        Assert.Equal(backbone, File.ReadAllBytes(Path.Combine(plain, "model.safetensors")));
        using (SafetensorsFile addon = SafetensorsFile.Open(_folder.File("addon/final/model.safetensors")))
            Assert.All(addon.Tensors.Keys, tensor => Assert.True(ModelTensors.IsOfStreams(tensor), tensor));
        Assert.Equal(0, CommandLine.Run(["convert", "-m", _folder.File("addon/final"), "-o", _folder.File("whole"), "--merge"]));
        int[] tokens = FamilyCases.Tokens(12, 300);
        double[] logits = FamilyCases.Engine(_folder.File("addon/final"), tokens);
        Assert.Equal(logits, FamilyCases.Engine(_folder.File("whole"), tokens));
        using (ParScaleLm trained = ModelFolder.Load(_folder.File("addon/final")))
            Assert.InRange(Rounding.Distance(logits, Float64.Run(trained, tokens)) / logits.Max(Math.Abs), 0, 1e-5);
        Assert.Equal(0, CommandLine.Run(["slice", "-m", _folder.File("whole"), "--streams", "1", "-o", _folder.File("one")]));
        Assert.Equal(FamilyCases.Engine(plain, tokens), FamilyCases.Engine(_folder.File("one"), tokens));
    }

    [Theory]
    [InlineData("olmo2", false)]
    [InlineData("phi3", false)]
    [InlineData("mixtral", true)]
    public void All_weights_train_and_are_saved_under_the_familys_names(string name, bool again)
    {
        string plain = Plain(name);
        Assert.Equal(0, Train("run", plain, "--streams", "2", "--activation-checkpointing", "--save-dtype", "f32"));
        // Experts that are chosen again in the backward pass are the same ones.
        if (again) Assert.Equal(0, Train("held", plain, "--streams", "2", "--save-dtype", "f32"));
        if (again) Assert.Equal(File.ReadAllBytes(_folder.File("held/final/model.safetensors")), File.ReadAllBytes(_folder.File("run/final/model.safetensors")));
        using SafetensorsFile before = SafetensorsFile.Open(Path.Combine(plain, "model.safetensors")), after = SafetensorsFile.Open(_folder.File("run/final/model.safetensors"));
        Assert.Equal(before.Tensors.Keys.Order(), after.Tensors.Keys.Where(tensor => !ModelTensors.IsOfStreams(tensor)).Order());
        foreach ((string tensor, TensorInfo info) in before.Tensors)
            Assert.False(before.Bytes(info).SequenceEqual(after.Bytes(after.Tensors[tensor])), tensor);
        Assert.Equal(FamilyConfigs.Read(name).Model.Family + "_parscale", CheckpointConfig.Load(_folder.File("run/final")).ModelType);
        int[] tokens = FamilyCases.Tokens(12, 300);
        using ParScaleLm trained = ModelFolder.Load(_folder.File("run/final"));
        double[] logits = FamilyCases.Engine(_folder.File("run/final"), tokens);
        Assert.InRange(Rounding.Distance(logits, Float64.Run(trained, tokens)) / logits.Max(Math.Abs), 0, 1e-5);
    }

    [Theory]
    [InlineData("phi3", 17, "longrope", "16")]
    [InlineData("llama-dynamic", 12, "dynamic", "10")]
    public void Rows_in_which_a_rotation_follows_the_length_are_refused(string name, int context, string type, string longest)
    {
        FamilyConfigs.Write(_folder.File("plain"), name);
        StartingPoint from = StartingPoint.Open(_folder.File("plain"));
        TrainingOptions options = from.Complete(new RunConfig().Options(null), 1, null, null, null, null);
        ParScaleException refused = Assert.Throws<ParScaleException>(() => from.Configure(options with { Context = context }, 50));
        Assert.Equal("TR-22", refused.Code);
        foreach (string part in new[] { type, $"--context {context}", $"at most {longest}" }) Assert.Contains(part, refused.Message, StringComparison.Ordinal);
        from.Configure(options with { Context = int.Parse(longest, System.Globalization.CultureInfo.InvariantCulture) }, 50);
    }

    [Theory]
    [InlineData(false, "bfloat16")]
    [InlineData(true, "float32")]
    public void A_backbone_that_is_not_trained_keeps_the_type_of_its_folder(bool frozen, string type)
    {
        FamilyConfigs.Write(_folder.File("plain"), "gemma3");
        StartingPoint from = StartingPoint.Open(_folder.File("plain"));
        TrainingOptions options = from.Complete(new RunConfig().Options(null), 2, 3, null, null, null) with { SaveType = NumberType.Bf16, Context = 8 };
        if (frozen) options = options with { Train = TrainedSet.Streams };
        Assert.Equal(type, from.Configure(options, 50).StoredType);
    }

    [Fact]
    public void Work_counts_the_experts_that_run_and_what_a_window_sees()
    {
        // Three layers of q, k, v, o; two of 2 of 5 experts beside a shared one, their routers and gates; one dense.
        CheckpointConfig config = FamilyConfigs.Read("qwen2_moe");
        const double Attention = 3 * (2 * 32 * 32 + 2 * 32 * 16), Experts = 2 * (2 * 3 * 32 * 16 + 3 * 32 * 56 + 5 * 32 + 32), Dense = 3 * 32 * 40;
        // The window of 5 on the first layer, the others see all 20.
        Assert.Equal(6 * (Attention + Experts + Dense + 32 * 50) + 12 * 32 * (5 + 20 + 20), ModelWork.TrainingPerToken(config, context: 20));
        Assert.Equal(ModelWork.TrainingPerToken(FamilyConfigs.Read("mixtral"), 20), ModelWork.TrainingPerToken(Stacked("mixtral"), 20));
        var options = new RunConfig().Options(null);
        RunEstimate size = RunEstimate.Of(config, options);
        Assert.Equal(ModelTensors.Expected(config).Sum(tensor => tensor.Shape.Aggregate(1L, (product, axis) => product * axis)), size.Parameters);
        Assert.Equal((size.Parameters, 16 * size.Parameters), (size.Trained, size.StateBytes));
    }

    private static CheckpointConfig Stacked(string name)
    {
        CheckpointConfig config = FamilyConfigs.Read(name);
        return config with { Model = config.Model with { ExpertTensors = ExpertTensors.Stacked } };
    }

    /// <summary>A folder with room for the tokens of the tests' tokenizer.</summary>
    private string Plain(string name)
    {
        string json = FamilyConfigs.Json(name).Replace("\"vocab_size\":50", "\"vocab_size\":300", StringComparison.Ordinal), folder = _folder.File("plain");
        RandomCheckpoint.Write(folder, CheckpointConfig.Parse(Encoding.UTF8.GetBytes(json), "config.json"), seed: 7, change: (_, values) =>
        {
            for (int i = 0; i < values.Length; i++) values[i] /= 4;
        });
        File.WriteAllText(Path.Combine(folder, "config.json"), json);
        return folder;
    }

    private int Train(string output, string from, params string[] flags) => CommandLine.Run(
    [
        "train", .. inputs.Flags, "--from", from, "-o", _folder.File(output), "--prefix-tokens", "3", "--context", "12", "--batch", "4", "--steps", "2",
        "--warmup", "0", "--eval-every", "2", "--save-every", "2", "--threads", "1", .. flags,
    ]);
}
