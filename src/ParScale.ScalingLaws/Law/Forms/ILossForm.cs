using ParScale.ScalingLaws.Law.Fitting;

namespace ParScale.ScalingLaws.Law.Forms;

/// <summary>A formula for the loss, with parameters to be fitted. x = ln(N / scale), y = ln P.</summary>
internal interface ILossForm
{
    /// <summary>A short name: <c>log</c>, <c>correlation</c>, <c>saturating</c>.</summary>
    string Name { get; }

    /// <summary>The formula with the names of <see cref="Describe"/>.</summary>
    string Formula { get; }

    /// <summary>Least and greatest value of each parameter.</summary>
    (double Least, double Most)[] Bounds(FitData data);

    /// <summary>Where to start looking.</summary>
    IEnumerable<double[]> Starts(FitData data);

    /// <summary>The loss, and in <paramref name="gradient"/> its derivative by each parameter.</summary>
    double Predict(ReadOnlySpan<double> theta, double x, double y, Span<double> gradient);

    /// <summary>The parameters as the formula names them, for N in parameters.</summary>
    IReadOnlyDictionary<string, double> Describe(ReadOnlySpan<double> theta, double scale);
}
