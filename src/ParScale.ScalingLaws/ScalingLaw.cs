namespace ParScale.ScalingLaws;

/// <summary>
/// The parallel scaling law L(N, P) = E + (A / (N (1 + K ln P)))^Alpha: the loss, in nats per token, of a model of N parameters
/// and P streams after one fixed amount of training. N counts parameters without the embedding, and for P &gt; 1 with prefixes and
/// aggregator. Source: arXiv 2505.10475, equation 5; its data end at P = 8.
/// </summary>
/// <param name="E">Loss that no size reaches below, nats per token; 0 or more.</param>
/// <param name="A">Scale of the reducible loss, in parameters (not millions or billions of them); above 0.</param>
/// <param name="Alpha">Exponent of size; above 0.</param>
/// <param name="K">What ln P streams are worth as a share of N; 0 or more.</param>
public sealed record ScalingLaw(double E, double A, double Alpha, double K)
{
    /// <summary>Fitted to the 24 published models trained on 42 billion tokens of Stack-V2-Python (code).</summary>
    public static ScalingLaw StackV2Python { get; } = new(0.6913, 1.1306e7, 0.1894, 0.3935);

    /// <summary>Fitted to the 24 published models trained on 42 billion tokens of the Pile (general text).</summary>
    public static ScalingLaw Pile { get; } = new(1.2889, 1.9727e8, 0.1964, 0.3344);

    /// <summary>How many times its own size a model of <paramref name="p"/> streams is worth: 1 + K ln P.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="p"/> is below 1.</exception>
    public double Multiplier(int p)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(p, 1);
        return 1 + K * Math.Log(p);
    }

    /// <summary>The predicted loss, nats per token.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="n"/> is not a finite number above 0, or <paramref name="p"/> is below 1.</exception>
    public double Loss(double n, int p) => E + Math.Pow(A / EquivalentParameters(n, p), Alpha);

    /// <summary>Parameters of the plain model (P = 1) that reaches the loss of <paramref name="n"/> parameters with <paramref name="p"/> streams.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="n"/> is not a finite number above 0, or <paramref name="p"/> is below 1.</exception>
    public double EquivalentParameters(double n, int p) => Positive(n) * Multiplier(p);

    /// <summary>
    /// The reverse: parameters that a model of <paramref name="p"/> streams needs to reach the loss of a plain one of
    /// <paramref name="plain"/> parameters.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="plain"/> is not a finite number above 0, or <paramref name="p"/> is below 1.</exception>
    public double ParametersWithStreams(double plain, int p) => Positive(plain) / Multiplier(p);

    /// <summary>
    /// Parameters with which a model of <paramref name="p"/> streams reaches <paramref name="loss"/>, nats per token; infinite when
    /// the law lets no model reach it (<paramref name="loss"/> is not above <see cref="E"/>).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="loss"/> is not a finite number above 0, or <paramref name="p"/> is below 1.</exception>
    public double ParametersForLoss(double loss, int p) =>
        Positive(loss) > E ? A * Math.Pow(loss - E, -1 / Alpha) / Multiplier(p) : double.PositiveInfinity;

    private static double Positive(double value)
    {
        if (value > 0 && double.IsFinite(value)) return value;
        throw new ArgumentOutOfRangeException(nameof(value), value, "must be a finite number above 0");
    }
}
