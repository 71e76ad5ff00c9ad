using ParScale.Model;
using ParScale.Training.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Modules;

/// <summary>The gradient of every number of a tiny model, in float64, against central differences.</summary>
public sealed class GradientTests
{
    private const double Step = 1e-5;
    private const double Tolerance = 1e-4;

    [Theory]
    [InlineData(1, false, 0, 0.0)]
    [InlineData(2, true, 0, 0.0)]
    [InlineData(3, false, 3, 0.5)]
    public void Every_gradient_is_the_slope_of_the_loss(int streams, bool tied, int prefixMlp, double decorrelate)
    {
        ModelConfig config = Samples.Config(streams, tied, heads: 2, keyValueHeads: 1) with
        {
            HiddenSize = 6,
            IntermediateSize = 7,
            HeadSize = 4,
            VocabularySize = 9,
            PrefixTokens = streams > 1 ? 2 : 0,
        };
        using var scope = NewDisposeScope();
        using var model = new ParScaleLm(config, compute: ScalarType.Float64, prefixMlp: prefixMlp);
        model.to(ScalarType.Float64);
        using (no_grad())
        {
            // Large, uneven values: at the first ones most gradients are too small to tell anything.
            using var generator = new Generator(3);
            foreach (var parameter in model.parameters()) parameter.normal_(0.1, 0.5, generator);
        }
        Tensor tokens = tensor(new long[,] { { 1, 2, 3, 8, 0 }, { 4, 4, 7, 6, 5 } });
        Tensor targets = tensor(new long[] { 2, 3, 8, 0, 1, 4, 7, 6, 5, 2 });
        Tensor Loss()
        {
            Tensor states = model.States(tokens);
            Tensor loss = nn.functional.cross_entropy(model.Logits(model.Mix(states)).flatten(0, 1), targets);
            return loss + StreamSimilarity.Penalty(states) * decorrelate;
        }
        Loss().backward();

        var wrong = new List<string>();
        foreach ((string name, var parameter) in model.named_parameters())
        {
            // A shift of all keys changes no softmax where nothing else is among them.
            if (streams == 1 && name.EndsWith("k_proj.bias", StringComparison.Ordinal)) continue;
            Assert.Equal(ScalarType.Float64, parameter.dtype);
            using Tensor slope = Slope(parameter, Loss);
            using Tensor gradient = parameter.grad!.flatten();
            double error = ((gradient - slope).norm() / slope.norm()).item<double>();
            if (!(error <= Tolerance)) wrong.Add($"{name}: {error:E1}");
        }
        Assert.Empty(wrong);
    }

    private static Tensor Slope(Tensor parameter, Func<Tensor> loss)
    {
        using var noGradient = no_grad();
        Tensor numbers = parameter.view(-1);
        double[] slope = new double[parameter.numel()];
        for (int i = 0; i < slope.Length; i++)
        {
            using var scope = NewDisposeScope();
            double value = numbers[i].item<double>();
            numbers[i] = value + Step;
            double above = loss().item<double>();
            numbers[i] = value - Step;
            double below = loss().item<double>();
            numbers[i] = value;
            slope[i] = (above - below) / (2 * Step);
        }
        return tensor(slope);
    }
}
