using ParScale.ScalingLaws.Law.Fitting;

namespace ParScale.ScalingLaws.Law.Forms;

/// <summary>
/// What theory gives for the mean of P streams whose errors correlate by a constant rho: E + (A / N)^alpha ((P - 1) rho + 1) / P.
/// theta = E, b, alpha, rho with b = alpha ln(A / scale). Source: arXiv 2505.10475, equations 3 and 4.
/// </summary>
internal sealed class CorrelationForm : ILossForm
{
    private const double Tiny = 1e-8;

    public string Name => "correlation";

    public string Formula => "e + (a / n)^alpha * ((p - 1) rho + 1) / p";

    public (double Least, double Most)[] Bounds(FitData data) => [(Tiny, data.HighestLoss), (-40, 40), (Tiny, 20), (0, 1)];

    public IEnumerable<double[]> Starts(FitData data) => StartGrid.Of([0.6, 0.8, 0.9, 0.97]);

    public double Predict(ReadOnlySpan<double> theta, double x, double y, Span<double> gradient)
    {
        double single = Math.Exp(theta[1] - (theta[2] * x));
        double share = Math.Exp(-y);   // 1/P
        double factor = theta[3] + ((1 - theta[3]) * share);
        gradient[0] = 1;
        gradient[1] = single * factor;
        gradient[2] = -single * factor * x;
        gradient[3] = single * (1 - share);
        return theta[0] + (single * factor);
    }

    public IReadOnlyDictionary<string, double> Describe(ReadOnlySpan<double> theta, double scale) => new OrderedDictionary<string, double>
    {
        ["e"] = theta[0],
        ["a"] = scale * Math.Exp(theta[1] / theta[2]),
        ["alpha"] = theta[2],
        ["rho"] = theta[3],
    };
}
