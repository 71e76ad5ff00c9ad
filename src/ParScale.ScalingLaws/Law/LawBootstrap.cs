using MathNet.Numerics.Random;
using MathNet.Numerics.Statistics;
using ParScale.ScalingLaws.Law.Fitting;

namespace ParScale.ScalingLaws.Law;

/// <summary>
/// How far the parameters could have come out otherwise: the residuals of ln L, shuffled with replacement onto the fitted losses and
/// widened for the parameters spent, are fitted again and again. Takes the residuals to be independent; the same seed gives the same
/// intervals.
/// </summary>
public sealed class LawBootstrap
{
    /// <summary>How often the fit is repeated unless told otherwise.</summary>
    public const int DefaultSamples = 400;

    /// <summary>The share of the repetitions that an interval holds.</summary>
    public const double Level = 0.95;

    private readonly ScalingLaw[] _laws;

    private LawBootstrap(ScalingLaw[] laws) => _laws = laws;

    /// <summary>How many fits the intervals come from.</summary>
    public int Samples => _laws.Length;

    /// <summary>Repeats the fit <paramref name="samples"/> times.</summary>
    /// <returns>Null when there are no more points than parameters: then nothing is known about the scatter.</returns>
    public static LawBootstrap? Of(LawFit fit, int samples = DefaultSamples, int seed = 1)
    {
        ArgumentNullException.ThrowIfNull(fit);
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        LossPoint[] fitted = [.. fit.Residuals.Select(residual => residual.Point with { Loss = residual.Predicted })];
        int parameters = fit.Fit.Theta.Length;
        if (fitted.Length <= parameters) return null;

        double widen = Math.Sqrt(fitted.Length / (double)(fitted.Length - parameters));
        double[] residuals = [.. fit.Residuals.Select(residual => Math.Log(residual.Point.Loss / residual.Predicted))];
        double mean = residuals.Average();
        double[] scatter = [.. residuals.Select(residual => Math.Exp(widen * (residual - mean)))];

        var random = new MersenneTwister(seed, threadSafe: false);
        var laws = new ScalingLaw[samples];
        for (int i = 0; i < samples; i++)
        {
            LossPoint[] resampled = [.. fitted.Select(point => point with { Loss = point.Loss * scatter[random.Next(scatter.Length)] })];
            laws[i] = LawFit.LawOf(Fitter.Refit(fit.Fit, fit.Fit.Data.With(resampled)));
        }
        return new LawBootstrap(laws);
    }

    /// <summary>The interval of anything that follows from a law, such as one of its parameters or a loss it predicts.</summary>
    public Interval Of(Func<ScalingLaw, double> figure)
    {
        double[] values = [.. _laws.Select(figure)];
        Array.Sort(values);
        double tail = (1 - Level) / 2;
        return new Interval(SortedArrayStatistics.Quantile(values, tail), SortedArrayStatistics.Quantile(values, 1 - tail));
    }
}
