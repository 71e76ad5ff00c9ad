using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Training.Checkpointing;
using ParScale.Training.Commands;
using ParScale.Training.Conversion;
using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Families;

/// <summary>Streams that a plain model of any family gets: the loss stays near what it was, and the plain tensors stay as they are.</summary>
public sealed partial class FamilyConversionTests(ITestOutputHelper output, FamilyInputs fixture) : IClassFixture<FamilyInputs>, IDisposable
{
    private const int Streams = 4;
    private readonly TempFolder _folder = new();

    public static TheoryData<string> Families =>
    [
        "llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "olmo2", "granite", "smollm3", "qwen3_moe", "qwen2_moe", "mixtral", "olmoe",
    ];

    public static TheoryData<string> GoldenFolders => [.. FamilyCases.GoldenFolders.Select(row => row.Data).Where(name => !name.EndsWith("-p2", StringComparison.Ordinal))];

    public void Dispose() => _folder.Dispose();

    /// <summary>Trained queries have a common side; here the embeddings have one.</summary>
    [Theory]
    [InlineData("mistral")]
    [InlineData("qwen3")]
    [InlineData("gemma2")]
    [InlineData("phi3")]
    [InlineData("olmo2")]
    [InlineData("smollm3")]
    [InlineData("qwen2_moe")]
    public void New_streams_keep_the_loss_and_the_backbone(string name)
    {
        CheckpointConfig config = FamilyConfigs.Read(name);
        // Tied heads give all tokens large logits here, which a cap would make equal.
        config = config with { Model = config.Model with { LogitsSoftCap = null } };
        var random = new Random(9);
        double[] common = [.. Enumerable.Range(0, config.Model.HiddenSize).Select(_ => random.NextDouble() < 0.5 ? -1.0 : 1.0)];
        RandomCheckpoint.Write(_folder.File("plain"), config, seed: 6, change: (tensor, values) =>
        {
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = ModelTensors.IsNorm(tensor) ? values[i] - (float)config.Model.NormOffset
                    : tensor == ModelTensors.EmbeddingName ? values[i] + (float)common[i % common.Length] : values[i] / 2;
            }
        });
        (double before, double after, double share) = Convert(_folder.File("plain"), StreamInit.Keep, prefix: 8, FamilyCases.Tokens(150, 50));
        output.WriteLine(Row(name, before, after, share));
        Assert.InRange(Math.Abs(after - before) / before, 0, 0.005);
    }

    /// <summary>Random queries look in all directions, so no prefix leaves the output as it was; but it does far less harm than one that is drawn.</summary>
    [Theory(Explicit = true)]
    [MemberData(nameof(GoldenFolders))]
    public void Golden_checkpoints_lose_less_than_with_the_papers_streams(string name)
    {
        string folder = FamilyCases.Golden(name).Folder;
        int[] tokens = OwnText.Sample(folder, seed: 2);
        (double before, double keep, double share) = Convert(folder, StreamInit.Keep, prefix: 48, tokens);
        double paper = Convert(folder, StreamInit.Paper, prefix: 48, tokens).After;
        output.WriteLine(Row(name, before, keep, share) + string.Create(CultureInfo.InvariantCulture, $" {paper:F4} |"));
        Assert.InRange(keep - before, double.NegativeInfinity, paper - before);
    }

    /// <summary>The table of docs/numbers.md: small models of each family, trained on a made-up text until they know its words.</summary>
    [Theory(Explicit = true)]
    [MemberData(nameof(Families))]
    public void Trained_models_keep_their_loss(string name)
    {
        string[] inputs = fixture.Flags;
        string json = FamilyConfigs.Json(name).Replace("\"vocab_size\":50", "\"vocab_size\":300", StringComparison.Ordinal);
        json = WindowOrContext().Replace(json, match => match.Groups[1].Value + "32");
        CheckpointConfig config = CheckpointConfig.Parse(Encoding.UTF8.GetBytes(json), "config.json");
        using (var first = new ParScaleLm(config, seed: 1))
            ModelFolder.Save(first, _folder.File("first"), TensorType.F32, inputs[^1]);
        Assert.Equal(0, CommandLine.Run(
        [
            "train", .. inputs, "--from", _folder.File("first"), "-o", _folder.File("run"), "--context", "32", "--batch", "8", "--steps", "150", "--warmup", "20",
            "--lr", "1e-2", "--eval-every", "150", "--save-every", "150", "--save-dtype", "f32", "--threads", "1",
        ]));
        ConvertReport Report(StreamInit init) => Converter.AddStreams(_folder.File("run/final"), _folder.File($"{init}"),
            Options(init, prefix: 16) with { Text = Samples.Text(300, seed: 8), MeasuredTokens = 250 });
        ConvertReport keep = Report(StreamInit.Keep), paper = Report(StreamInit.Paper);
        output.WriteLine(Row(name, keep.LossBefore!.Value, keep.LossAfter!.Value, keep.PrefixShare!.Value)
            + string.Create(CultureInfo.InvariantCulture, $" {paper.LossAfter:F4} |"));
        Assert.InRange(Math.Abs(keep.JumpPercent!.Value), 0, 0.5);
    }

    /// <summary>Without windows a prefix of a text is that text before the tokens, to the last digits: normed, clipped and rotated as it was.</summary>
    [Theory]
    [InlineData("llama")]
    [InlineData("llama-gelu-yarn")]
    [InlineData("qwen3_moe-sparse")]
    [InlineData("phi3-plain")]
    [InlineData("olmo2")]
    [InlineData("granite")]
    [InlineData("smollm3")]
    [InlineData("olmoe")]
    public void Prefixes_of_a_text_are_the_text_before_the_tokens(string name)
    {
        const int Slots = 7;
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        CheckpointConfig config = FamilyConfigs.Write(_folder.Path, name, seed: 8);
        int[] text = FamilyCases.Tokens(Slots, 50), tokens = FamilyCases.Tokens(9, 50, seed: 2);
        using ParScaleLm plain = ModelFolder.Load(_folder.Path), streams = new(NewStreams.Configure(plain.Config, new StreamConfig(2, Slots, 0.1)));
        using Checkpoint checkpoint = Checkpoint.Open(_folder.Path);
        Dictionary<string, Tensor> prefixes = TextPrefixes.Of(PlainWeights.Of(checkpoint), 2, Slots, text, seed: 1);
        foreach ((string tensor, var parameter) in streams.named_parameters())
        {
            if (prefixes.TryGetValue(tensor, out Tensor? value)) parameter.copy_(value);
            else if (!ModelTensors.IsOfStreams(tensor)) ModelFolder.Copy(checkpoint, tensor, parameter);
        }
        double[] whole = Float64.Run(plain, [.. text, .. tokens])[(Slots * config.Model.VocabularySize)..];
        Assert.InRange(Rounding.Distance(whole, Float64.Run(streams, tokens)) / whole.Max(Math.Abs), 0, 1e-5);
    }

    private static ConvertOptions Options(StreamInit init, int prefix) =>
        new() { Streams = Streams, PrefixTokens = prefix, Smoothing = 0.1, Init = init, Seed = 1 };

    private (double Before, double After, double Share) Convert(string plain, StreamInit init, int prefix, int[] tokens)
    {
        // Calibrated on a text that the model writes.
        string made = _folder.File($"{init}");
        ConvertReport report = Converter.AddStreams(plain, made, Options(init, prefix));
        using (Checkpoint before = Checkpoint.Open(plain), after = Checkpoint.Open(made))
        {
            Assert.Equal((before.Config.Model.Family + "_parscale", Streams), (after.Config.ModelType, after.Config.Streams.Count));
            Assert.Equal(BackboneHash.Of(before), BackboneHash.Of(after));
            Assert.Equal(ModelTensors.Expected(before.Config).Select(t => t.Name), ModelTensors.Expected(after.Config).Select(t => t.Name).Where(t => !ModelTensors.IsOfStreams(t)));
        }
        return (Loss(plain, tokens), Loss(made, tokens), report.PrefixShare ?? double.NaN);
    }

    private static double Loss(string folder, int[] tokens)
    {
        using LanguageModel model = LanguageModel.Load(folder, new LoadOptions { Threads = 1 });
        int[] part = tokens[..Math.Min(tokens.Length, Math.Min(512, model.Config.MaxPositions))];
        return model.Score(part, null, TestContext.Current.CancellationToken).MeanNll;
    }

    private static string Row(string name, double before, double after, double share) => string.Create(CultureInfo.InvariantCulture,
        $"| {name} | {before:F4} | {after:F4} | {(after - before) / before:P2} | {share:E1} |");

    [GeneratedRegex("(\"(?:sliding_window|original_max_position_embeddings)\":)[0-9]+")]
    private static partial Regex WindowOrContext();
}
