using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Quantization;

namespace ParScale.Tests.Families;

/// <summary>Streams that were trained on a frozen model of any family: in a folder of their own, added to floats, added to a quantised copy.</summary>
public sealed class FamilyAddOnTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<string> Names => [.. FamilyConfigs.Names];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void An_add_on_runs_on_its_backbone_however_that_is_loaded(string name)
    {
        string backbone = _folder.File("backbone"), addOn = _folder.File("add-on"), quantized = _folder.File("q8");
        CheckpointConfig config = FamilyConfigs.Write(backbone, name);
        RandomCheckpoint.WriteAddOn(addOn, backbone, new StreamConfig(2, 4, 0.1), seed: 8);
        Quantizer.Run(backbone, quantized, WeightDtype.Q8, cancellationToken: TestContext.Current.CancellationToken);
        int[] tokens = FamilyRun.Tokens(14, config.Model.VocabularySize);

        float[] Logits(string folder, params string[] added)
        {
            using LanguageModel model = LanguageModel.Load(folder, new LoadOptions { AddedStreams = added, Streams = 2, KvDtype = KvDtype.F32, Threads = 2 });
            return Compare.LogitsInPortions(model, tokens, tokens.Length);
        }
        float[] own = Logits(addOn);
        Assert.Equal(own, Logits(backbone, addOn));
        // With experts the rounding may change which ones are chosen.
        double most = config.Model.Layers.Any(layer => layer.FeedForward.Experts is not null) ? 1 : 0.3;
        Assert.InRange(own.Zip(Logits(quantized, addOn), (a, b) => Math.Abs(a - b)).Max() / own.Max(Math.Abs), 1e-9, most);
        using Checkpoint opened = Checkpoint.Open(addOn);
        Assert.Equal($"{config.Model.Family}_parscale", opened.Config.ModelType);
    }
}
