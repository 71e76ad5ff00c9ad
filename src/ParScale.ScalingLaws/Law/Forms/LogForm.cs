using ParScale.ScalingLaws.Law.Fitting;

namespace ParScale.ScalingLaws.Law.Forms;

/// <summary>
/// The law itself, E + (A / (N (1 + k ln P)))^alpha, with theta = E, b, alpha, k and b = alpha ln(A / scale): b is the logarithm of the
/// reducible loss at the scale, which data near the scale fix far better than A.
/// </summary>
internal sealed class LogForm : ILossForm
{
    private const double Tiny = 1e-8;

    public string Name => "log";

    public string Formula => "e + (a / (n * (1 + k ln p)))^alpha";

    public (double Least, double Most)[] Bounds(FitData data) => [(Tiny, data.HighestLoss), (-40, 40), (Tiny, 20), (Tiny, 1000)];

    public IEnumerable<double[]> Starts(FitData data) => StartGrid.Of([0.2, 0.4, 0.6, 0.8]);

    public double Predict(ReadOnlySpan<double> theta, double x, double y, Span<double> gradient)
    {
        double multiplier = 1 + (theta[3] * y);
        double logSize = x + Math.Log(multiplier);
        double reducible = Math.Exp(theta[1] - (theta[2] * logSize));
        gradient[0] = 1;
        gradient[1] = reducible;
        gradient[2] = -reducible * logSize;
        gradient[3] = -reducible * theta[2] * y / multiplier;
        return theta[0] + reducible;
    }

    public IReadOnlyDictionary<string, double> Describe(ReadOnlySpan<double> theta, double scale) => new OrderedDictionary<string, double>
    {
        ["e"] = theta[0],
        ["a"] = scale * Math.Exp(theta[1] / theta[2]),
        ["alpha"] = theta[2],
        ["k"] = theta[3],
    };
}
