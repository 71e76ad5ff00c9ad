using ParScale.Kernels.Elementwise;

namespace ParScale.Generation;

/// <summary>
/// A learned gate: by how much all streams lower the loss of the next token, nats, as a linear function of figures of the plain model's
/// prediction, g = c + w1 S + w2 S^2 + w3 p1 + w4 (p1 - p2) with its entropy S and its largest probabilities p1, p2.
/// </summary>
/// <param name="streams">P, of the streams that it was fitted to.</param>
/// <param name="intercept">c.</param>
/// <param name="weights">w, of <see cref="Figures"/> numbers.</param>
/// <param name="quantiles">What it expected of tokens that it was not fitted to: the k-th hundredth of them in order, k = 0..100, nats.</param>
internal sealed class StreamRouter(int streams, double intercept, IReadOnlyList<double> weights, IReadOnlyList<double> quantiles)
{
    /// <summary>Figures of a prediction.</summary>
    public const int Figures = 4;

    /// <summary>Numbers that tell how expected gains are distributed.</summary>
    public const int Levels = 101;

    /// <summary>P.</summary>
    public int Streams => streams;

    /// <summary>c.</summary>
    public double Intercept => intercept;

    /// <summary>w.</summary>
    public IReadOnlyList<double> Weights => weights;

    /// <summary>The least, each hundredth, and the largest of the gains that it expected of other tokens.</summary>
    public IReadOnlyList<double> Quantiles => quantiles;

    /// <summary>Nats that a threshold moves by for one stretch of its budget: a tenth of what lies between the tenth and the ninetieth hundredth.</summary>
    public double Step => (quantiles[90] - quantiles[10]) / 10;

    /// <summary>The figures of a prediction.</summary>
    /// <param name="entropy">S, nats.</param>
    /// <param name="best">p1.</param>
    /// <param name="second">p2.</param>
    public static double[] FiguresOf(double entropy, double best, double second) => [entropy, entropy * entropy, best, best - second];

    /// <summary>The gain above which a share of the tokens lies, nats; between two quantiles on the line that joins them.</summary>
    public double Above(double share)
    {
        double at = (1 - share) * (Levels - 1);
        int below = Math.Min((int)at, Levels - 2);
        return quantiles[below] + (at - below) * (quantiles[below + 1] - quantiles[below]);
    }

    /// <summary>The gain that is expected where the plain model predicts these logits [V].</summary>
    public double ExpectedGain(ReadOnlySpan<float> logits)
    {
        double entropy = Softmax.Entropy(logits, out double best, out double second);
        return ExpectedGain(FiguresOf(entropy, best, second));
    }

    /// <summary>The same of the figures of a prediction.</summary>
    public double ExpectedGain(ReadOnlySpan<double> figures)
    {
        double gain = intercept;
        for (int i = 0; i < figures.Length; i++) gain += weights[i] * figures[i];
        return gain;
    }
}
