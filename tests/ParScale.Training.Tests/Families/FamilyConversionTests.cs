using System.Globalization;
using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Training.Checkpointing;
using ParScale.Training.Conversion;
using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Families;

/// <summary>Streams that a plain model of any family gets: the loss stays near what it was, and the plain tensors stay as they are.</summary>
public sealed class FamilyConversionTests(ITestOutputHelper output) : IDisposable
{
    private const int Streams = 4;
    private readonly TempFolder _folder = new();

    public static TheoryData<string> Families =>
    [
        "llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "olmo2", "granite", "smollm3", "qwen3_moe", "qwen2_moe", "mixtral", "olmoe",
    ];

    public static TheoryData<string> GoldenFolders => [.. FamilyCases.GoldenFolders.Select(row => row.Data).Where(name => !name.EndsWith("-p2", StringComparison.Ordinal))];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Families))]
    public void New_streams_keep_the_loss_and_the_backbone(string name)
    {
        FamilyConfigs.Write(_folder.File("plain"), name, seed: 6);
        (double before, double after, double share) = Convert(_folder.File("plain"), prefix: 8);
        output.WriteLine(Row(name, before, after, share));
        Assert.InRange(Math.Abs(after - before) / before, 0, 0.02);
    }

    [Theory]
    [MemberData(nameof(GoldenFolders))]
    public void Golden_checkpoints_keep_their_loss(string name)
    {
        (double before, double after, double share) = Convert(FamilyCases.Golden(name).Folder, prefix: 48);
        output.WriteLine(Row(name, before, after, share));
        Assert.InRange(Math.Abs(after - before) / before, 0, 0.05);
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

    private (double Before, double After, double Share) Convert(string plain, int prefix)
    {
        // Calibrated on one text that the model writes, measured on another one.
        ConvertReport report = Converter.AddStreams(plain, _folder.File("new"), new ConvertOptions
        {
            Streams = Streams,
            PrefixTokens = prefix,
            Smoothing = 0.1,
            Init = StreamInit.Keep,
            Seed = 1,
        });
        using (Checkpoint before = Checkpoint.Open(plain), after = Checkpoint.Open(_folder.File("new")))
        {
            Assert.Equal((before.Config.Model.Family + "_parscale", Streams), (after.Config.ModelType, after.Config.Streams.Count));
            Assert.Equal(BackboneHash.Of(before), BackboneHash.Of(after));
            Assert.Equal(ModelTensors.Expected(before.Config).Select(t => t.Name), ModelTensors.Expected(after.Config).Select(t => t.Name).Where(t => !ModelTensors.IsOfStreams(t)));
        }
        int[] tokens = OwnText.Sample(plain, seed: 2);
        return (Loss(plain, tokens), Loss(_folder.File("new"), tokens), report.PrefixShare!.Value);
    }

    private static double Loss(string folder, int[] tokens)
    {
        using LanguageModel model = LanguageModel.Load(folder, new LoadOptions { Threads = 1 });
        int[] part = tokens[..Math.Min(tokens.Length, Math.Min(512, model.Config.MaxPositions))];
        return model.Score(part, null, TestContext.Current.CancellationToken).MeanNll;
    }

    private static string Row(string name, double before, double after, double share) => string.Create(CultureInfo.InvariantCulture,
        $"| {name} | {before:F4} | {after:F4} | {(after - before) / before:P2} | {share:E1} |");
}
