using System.Globalization;
using System.Text.RegularExpressions;
using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Training.Data.Order;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Families;

/// <summary>
/// The gradients of every tensor, of packed documents, against central differences of the oracle's loss: the slope along one random
/// direction of the tensors of each kind, which every one of their numbers is part of.
/// </summary>
public sealed partial class FamilyGradientTests(ITestOutputHelper output)
{
    private const double Step = 1e-5;
    private const double Tolerance = 1e-6;

    private static readonly (int[] Tokens, int[] Targets)[] Documents =
    [
        ([1, 2], [2, -1]), ([5, 0, 6, 22, 31, 17], [-1, 6, 22, 31, 17, 10]),
        ([4, 4, 7, 6, 9, 1, 40, 3], [4, 7, 6, 9, -1, 40, 3, 0]),
    ];

    // Norms before the blocks; multipliers; fused; norms per head and windows; on both sides with caps; behind; experts.
    [Theory]
    [InlineData("llama-bias", 1)]
    [InlineData("granite", 1)]
    [InlineData("phi3", 2)]
    [InlineData("qwen3", 2)]
    [InlineData("gemma2", 2)]
    [InlineData("olmo2", 2)]
    [InlineData("qwen2_moe", 1)]
    [InlineData("mixtral", 1)]
    [InlineData("olmoe", 2)]
    public void Every_gradient_is_the_slope_of_an_independent_loss(string name, int streams)
    {
        using var folder = new TempFolder();
        using var scope = NewDisposeScope();
        FamilyConfigs.Write(folder.Path, name, streams, seed: 5);
        using ParScaleLm model = Float64.Load(folder.Path);
        Tensor loss = TrainedLoss(model);
        loss.backward();
        Dictionary<string, double[]> weights = model.named_parameters().ToDictionary(p => p.name, p => Float64.Numbers(p.parameter));
        Assert.Equal(PlainLoss(model.Config, weights), loss.item<double>(), 1e-11);

        var random = new Random(11);
        Dictionary<string, double[]> gradients = model.named_parameters().ToDictionary(p => p.name, p => Float64.Numbers(p.parameter.grad!));
        Dictionary<string, double[]> directions = weights.ToDictionary(w => w.Key, w => w.Value.Select(_ => random.Next(2) == 0 ? -1.0 : 1.0).ToArray());
        double worst = 0;
        foreach (IGrouping<string, string> kind in weights.Keys.GroupBy(tensor => LayerOrExpert().Replace(tensor, "")))
        {
            double Along(double step)
            {
                var moved = new Dictionary<string, double[]>(weights);
                foreach (string tensor in kind) moved[tensor] = [.. weights[tensor].Zip(directions[tensor], (w, d) => w + step * d)];
                return PlainLoss(model.Config, moved);
            }
            double slope = (Along(Step) - Along(-Step)) / (2 * Step), found = kind.Sum(tensor => gradients[tensor].Zip(directions[tensor], (g, d) => g * d).Sum());
            // Along a direction parts may cancel: what counts is the size of the gradient.
            double size = Math.Sqrt(kind.Sum(tensor => gradients[tensor].Sum(g => g * g)));
            worst = Math.Max(worst, Math.Abs(slope - found) / size);
            Assert.True(Math.Abs(slope - found) <= Tolerance * Math.Max(1e-3, size), string.Create(CultureInfo.InvariantCulture, $"{kind.Key}: {slope:R} is not {found:R}"));
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} P={streams}: {worst:E1}"));
    }

    /// <summary>The same path as a training step takes.</summary>
    private static Tensor TrainedLoss(ParScaleLm model)
    {
        BatchTensors tensors = BatchTensors.Of(Packed());
        Tensor states = tensors.Select(model.States(tensors.Inputs, tensors.Offsets));
        return nn.functional.cross_entropy(model.Logits(model.Mix(states)).flatten(0, 1), tensors.Targets);
    }

    /// <summary>The loss of the oracle, which takes the tensors as files hold them.</summary>
    private static double PlainLoss(CheckpointConfig config, Dictionary<string, double[]> weights)
    {
        double[] Stored(StoredTensor tensor) => tensor.Parts.Count == 0 ? weights[tensor.Name] : [.. tensor.Parts.SelectMany(part => weights[part.Name])];
        return new PlainLoss(config, ModelTensors.Table(config.Model, config.Streams).ToDictionary(tensor => tensor.Name, Stored)).Of(Documents, 0);
    }

    /// <summary>The documents in two rows: the first two in one, the last in the other.</summary>
    private static Batch Packed()
    {
        int[] tokens = [.. Documents.SelectMany(document => document.Tokens)], targets = [.. Documents.SelectMany(document => document.Targets)];
        var batch = new Batch(2, tokens.Length / 2, packed: true);
        Documents.SelectMany(document => Enumerable.Range(0, document.Tokens.Length).Select(place => (long)place)).ToArray().CopyTo(batch.Offsets!, 0);
        for (int i = 0; i < tokens.Length; i++)
        {
            (batch.Inputs[i], batch.Targets[i]) = (tokens[i], Math.Max(0, targets[i]));
            if (targets[i] >= 0) batch.Learned!.Add(i);
        }
        return batch;
    }

    [GeneratedRegex(@"^model\.(layers\.\d+\.)?|(?<=experts\.)\d+\.")]
    private static partial Regex LayerOrExpert();
}
