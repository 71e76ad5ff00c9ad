using ParScale.Generation;
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
    private const int Figures = StreamRouter.Figures;

    /// <summary>The expected gain of each token, in nats, by the fit to the half that it is not in.</summary>
    public static double[] ExpectedGains(IReadOnlyList<PlainPrediction> predictions, double[] gains)
    {
        int half = predictions.Count / 2;
        double[][] figures = FiguresOf(predictions);
        double[] first = Expect(figures[half..], gains[half..], figures[..half]), second = Expect(figures[..half], gains[..half], figures[half..]);
        return [.. first, .. second];
    }

    /// <summary>The router to keep: fitted to all tokens, its expected gains distributed as those of the fits to each half are over the other.</summary>
    /// <exception cref="ParScaleException">The same gain is expected of most tokens (TR-22).</exception>
    public static StreamRouter Fit(int streams, IReadOnlyList<PlainPrediction> predictions, double[] gains)
    {
        (double intercept, double[] weights) = Fit(FiguresOf(predictions), gains);
        double[] sorted = [.. ExpectedGains(predictions, gains).Order()];
        double[] quantiles = [.. Enumerable.Range(0, StreamRouter.Levels).Select(level =>
        {
            // A whole number over a whole number: the place of a quantile is on a token where it can be.
            (long below, long rest) = Math.DivRem((long)level * (sorted.Length - 1), StreamRouter.Levels - 1);
            return rest == 0 ? sorted[below] : sorted[below] + (double)rest / (StreamRouter.Levels - 1) * (sorted[below + 1] - sorted[below]);
        })];
        var router = new StreamRouter(streams, intercept, weights, quantiles);
        return router.Step > 0 ? router
            : throw ParScaleException.Usage("TR-22", $"the router of {streams} streams expects the same gain of most of the {predictions.Count} tokens; measure on more text");
    }

    private static double[][] FiguresOf(IReadOnlyList<PlainPrediction> predictions) => [.. predictions.Select(one => StreamRouter.FiguresOf(one.Entropy, one.Best, one.Second))];

    private static double[] Expect(double[][] known, double[] gains, double[][] asked)
    {
        if (known.Length == 0) return new double[asked.Length];
        (double intercept, double[] weights) = Fit(known, gains);
        var router = new StreamRouter(0, intercept, weights, []);
        return [.. asked.Select(one => router.ExpectedGain(one))];
    }

    private static (double Intercept, double[] Weights) Fit(double[][] known, double[] gains)
    {
        double[] means = [.. Enumerable.Range(0, Figures).Select(f => known.Average(one => one[f]))];
        // A figure that never changes says nothing.
        double[] scales = [.. Enumerable.Range(0, Figures).Select(f => Math.Sqrt(known.Average(one => Math.Pow(one[f] - means[f], 2)))).Select(scale => scale > 0 ? 1 / scale : 0)];
        double mean = gains.Average();
        double[] weights;
        using (NewDisposeScope())
        {
            // Each row divided by the root of their number, so that products are means; TorchSharp does not hold numbers that tensors are divided by.
            double share = 1 / Math.Sqrt(known.Length);
            Tensor x = tensor([.. known.SelectMany(one => one.Select((figure, f) => (figure - means[f]) * scales[f] * share))]).view(known.Length, Figures);
            Tensor y = tensor([.. gains.Select(gain => (gain - mean) * share)]);
            Tensor ridge = tensor([.. Enumerable.Range(0, Figures * Figures).Select(i => i % (Figures + 1) == 0 ? Ridge : 0)]).view(Figures, Figures);
            weights = [.. linalg.solve(matmul(x.t(), x).Plus(ridge), matmul(x.t(), y)).data<double>()];
        }
        weights = [.. weights.Zip(scales, (weight, scale) => weight * scale)];
        return (mean - weights.Zip(means, (weight, of) => weight * of).Sum(), weights);
    }
}

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
