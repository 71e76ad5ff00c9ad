using System.Globalization;
using System.Text.RegularExpressions;
using ParScale.Configuration;
using ParScale.Training.Data.Order;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Modules;

/// <summary>
/// The gradient of every number of every parameter, from the model that is trained, against central differences of a model that
/// shares no line with it.
/// </summary>
public sealed partial class GradientTests(ITestOutputHelper output)
{
    private const double Tolerance = 1e-4;

    /// <summary>Documents of two rows of seven tokens; -1 is not learned.</summary>
    private static readonly (int[] Tokens, int[] Targets)[] Documents =
    [
        ([1, 2, 3, 8], [2, 3, 8, -1]), ([5, 0, 6], [-1, 6, 10]),
        ([4, 4, 7, 6, 9, 1, 2], [4, 7, 6, 9, -1, 2, 0]),
    ];

    [Theory]
    [InlineData(1, true, 0, 0.0, false)]
    [InlineData(1, false, 0, 0.0, true)]
    [InlineData(2, true, 3, 0.0, true)]
    [InlineData(2, false, 0, 0.5, false)]
    [InlineData(4, false, 0, 0.0, true)]
    [InlineData(4, true, 3, 0.5, true)]
    [InlineData(2, true, 0, 0.0, false, true)]
    [InlineData(3, false, 3, 0.5, true, true)]
    public void Every_gradient_is_the_slope_of_an_independent_loss(
        int streams, bool tied, int prefixMlp, double decorrelate, bool packed, bool anchored = false)
    {
        using var scope = NewDisposeScope();
        using ParScaleLm model = Model(streams, tied, prefixMlp, anchored);
        (Batch batch, (int[], int[])[] documents) = packed ? Packed() : Rows();
        Tensor loss = TrainedLoss(model, batch, decorrelate);
        loss.backward();

        Dictionary<string, double[]> weights = model.named_parameters().ToDictionary(p => p.name, p => Numbers(p.parameter));
        var plain = new PlainLoss(model.Config, weights);
        Assert.Equal(plain.Of(documents, decorrelate), loss.item<double>(), 1e-12);
        var worst = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach ((string name, var parameter) in model.named_parameters())
        {
            double[] slope = Differences.Slope(weights[name], () => plain.Of(documents, decorrelate));
            double error = Error(Numbers(parameter.grad!), slope);
            string kind = Layer().Replace(name, "");
            worst[kind] = Math.Max(worst.GetValueOrDefault(kind), error);
        }
        foreach ((string kind, double error) in worst)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"P={streams} tied={tied} mlp={prefixMlp} packed={packed} anchored={anchored} {kind}: {error:E1}"));
        Assert.All(worst, pair => Assert.True(pair.Value <= Tolerance, $"{pair.Key}: {pair.Value}"));
    }

    /// <summary>The same path as a training step takes.</summary>
    private static Tensor TrainedLoss(ParScaleLm model, Batch batch, double decorrelate)
    {
        BatchTensors tensors = BatchTensors.Of(batch);
        Tensor states = tensors.Select(model.States(tensors.Inputs, tensors.Offsets));
        Tensor loss = nn.functional.cross_entropy(model.Logits(model.Mix(states)).flatten(0, 1), tensors.Targets);
        return loss + StreamSimilarity.Penalty(states) * decorrelate;
    }

    private static ParScaleLm Model(int streams, bool tied, int prefixMlp, bool anchored)
    {
        CheckpointConfig config = RandomCheckpoint.Config(
            streams, tied: tied, heads: 4, keyValueHeads: 2, hidden: 6, intermediate: 7, headSize: 4, vocabulary: 11, prefix: 2, anchored: anchored);
        var model = new ParScaleLm(config, compute: ScalarType.Float64, prefixMlp: prefixMlp);
        model.to(ScalarType.Float64);
        using var noGradient = no_grad();
        using var generator = new Generator(3);
        // Large, uneven values: at the first ones most gradients are too small to tell anything.
        foreach (var parameter in model.parameters()) parameter.normal_(0.1, 0.5, generator);
        return model;
    }

    /// <summary>The documents packed into rows that none of them sees the others in.</summary>
    private static (Batch Batch, (int[], int[])[] Documents) Packed()
    {
        int[] offsets = [.. Documents.SelectMany(document => Enumerable.Range(0, document.Tokens.Length))];
        var batch = new Batch(2, 7, packed: true);
        int[] tokens = [.. Documents.SelectMany(document => document.Tokens)], targets = [.. Documents.SelectMany(document => document.Targets)];
        for (int i = 0; i < tokens.Length; i++)
        {
            (batch.Inputs[i], batch.Targets[i]) = (tokens[i], Math.Max(0, targets[i]));
            if (batch.Offsets is { } places) places[i] = offsets[i];
            if (targets[i] >= 0) batch.Learned?.Add(i);
        }
        return (batch, Documents);
    }

    /// <summary>One text a row, all targets learned.</summary>
    private static (Batch Batch, (int[], int[])[] Documents) Rows()
    {
        int[][] tokens = [[1, 2, 3, 8, 5, 0, 6], [4, 4, 7, 6, 9, 1, 2]];
        int[][] targets = [[2, 3, 8, 5, 0, 6, 10], [4, 7, 6, 9, 1, 2, 0]];
        var batch = new Batch(2, 7, packed: false);
        for (int i = 0; i < 14; i++) (batch.Inputs[i], batch.Targets[i]) = (tokens[i / 7][i % 7], targets[i / 7][i % 7]);
        return (batch, [.. tokens.Zip(targets)]);
    }

    /// <summary>The larger of: the length of the difference over that of the slope, the largest difference over the largest slope.</summary>
    private static double Error(double[] gradient, double[] slope)
    {
        double[] difference = [.. gradient.Zip(slope, (g, s) => Math.Abs(g - s))];
        double length = Math.Sqrt(difference.Sum(d => d * d) / slope.Sum(s => s * s));
        return Math.Max(length, difference.Max() / slope.Max(Math.Abs));
    }

    private static double[] Numbers(Tensor tensor) => [.. tensor.detach().flatten().data<double>()];

    [GeneratedRegex(@"^model\.(layers\.\d+\.)?")]
    private static partial Regex Layer();
}
