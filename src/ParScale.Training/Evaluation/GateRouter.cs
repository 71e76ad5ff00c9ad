using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Evaluation;

/// <summary>
/// A learned gate: the gain of all streams at a token, as a linear function of a few figures of the plain model's prediction. Fitted by ridge
/// regression to one half of the tokens and asked about the other, each in turn, so that no token is judged by a fit that has seen it.
/// </summary>
internal static class GateRouter
{
    // On figures of variance 1, against a mean squared error: enough to settle figures that say the same, too little to matter else.
    private const double Ridge = 1e-3;
    private const int Features = 4;

    /// <summary>The expected gain of each token, in nats, by the fit to the half that it is not in.</summary>
    public static double[] ExpectedGains(IReadOnlyList<PlainPrediction> predictions, double[] gains)
    {
        int half = predictions.Count / 2;
        double[][] figures = [.. predictions.Select(one => (double[])[one.Entropy, one.Entropy * one.Entropy, one.Best, one.Best - one.Second])];
        double[] first = Expect(figures[half..], gains[half..], figures[..half]), second = Expect(figures[..half], gains[..half], figures[half..]);
        return [.. first, .. second];
    }

    private static double[] Expect(double[][] known, double[] gains, double[][] asked)
    {
        if (known.Length == 0) return new double[asked.Length];
        double[] means = [.. Enumerable.Range(0, Features).Select(f => known.Average(one => one[f]))];
        // A figure that never changes says nothing.
        double[] scales = [.. Enumerable.Range(0, Features).Select(f => Math.Sqrt(known.Average(one => Math.Pow(one[f] - means[f], 2)))).Select(scale => scale > 0 ? 1 / scale : 0)];
        double mean = gains.Average();
        double[] weights;
        using (NewDisposeScope())
        {
            // Each row divided by the root of their number, so that products are means; TorchSharp does not hold numbers that tensors are divided by.
            double share = 1 / Math.Sqrt(known.Length);
            Tensor x = tensor([.. known.SelectMany(Standard).Select(figure => figure * share)]).view(known.Length, Features);
            Tensor y = tensor([.. gains.Select(gain => (gain - mean) * share)]);
            Tensor ridge = tensor([.. Enumerable.Range(0, Features * Features).Select(i => i % (Features + 1) == 0 ? Ridge : 0)]).view(Features, Features);
            weights = [.. linalg.solve(matmul(x.t(), x).Plus(ridge), matmul(x.t(), y)).data<double>()];
        }
        return [.. asked.Select(one => mean + Standard(one).Zip(weights, (figure, weight) => figure * weight).Sum())];

        double[] Standard(double[] one) => [.. one.Select((figure, f) => (figure - means[f]) * scales[f])];
    }
}

/// <summary>What the plain model predicts at a token.</summary>
/// <param name="Loss">-ln p of the token that came, nats.</param>
/// <param name="Entropy">Of the prediction, nats.</param>
/// <param name="Best">The largest probability.</param>
/// <param name="Second">The second largest.</param>
internal readonly record struct PlainPrediction(double Loss, double Entropy, double Best, double Second);

/// <summary>How much lower one gate's loss is than another's, nats per token, the mean over all rates with some streams at rest.</summary>
/// <param name="Mean">Over the tokens.</param>
/// <param name="Low">The lower end of its 95 % interval, tokens taken as independent.</param>
/// <param name="High">The upper end.</param>
internal sealed record GateGain(double Mean, double Low, double High)
{
    /// <summary>Of what each token contributes.</summary>
    public static GateGain Of(double[] tokens)
    {
        const double Normal = 1.959963984540054;
        double mean = tokens.Average(), error = Normal * Math.Sqrt(tokens.Sum(token => (token - mean) * (token - mean)) / Math.Max(1, tokens.Length - 1) / tokens.Length);
        return new GateGain(mean, mean - error, mean + error);
    }
}
