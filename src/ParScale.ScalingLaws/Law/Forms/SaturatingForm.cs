using ParScale.ScalingLaws.Law.Fitting;

namespace ParScale.ScalingLaws.Law.Forms;

/// <summary>
/// Size and streams act apart, and streams run out of effect: c0 + c1 N^-alpha + c2 P^-beta. theta = c0, b, alpha, c2, beta with b the
/// logarithm of the second term at the scale. Source: the laws found in SLDBench on the published losses, arXiv 2507.21184.
/// </summary>
internal sealed class SaturatingForm : ILossForm
{
    private const double Tiny = 1e-8;
    private static readonly double[] Floors = [0.4, 0.65, 0.9];
    private static readonly double[] Gains = [0.03, 0.1];
    private static readonly double[] Exponents = [0.1, 0.25, 0.5, 1];

    public string Name => "saturating";

    public string Formula => "c0 + c1 * n^-alpha + c2 * p^-beta";

    public (double Least, double Most)[] Bounds(FitData data) =>
        [(Tiny, data.HighestLoss), (-40, 40), (Tiny, 20), (Tiny, data.HighestLoss), (Tiny, 20)];

    public IEnumerable<double[]> Starts(FitData data)
    {
        double loss = data.HighestLoss;
        return
            from floor in Floors
            from alpha in Exponents
            from gain in Gains
            from beta in Exponents
            select new[] { floor * loss, Math.Log((1 - floor) * loss), alpha, gain * loss, beta };
    }

    public double Predict(ReadOnlySpan<double> theta, double x, double y, Span<double> gradient)
    {
        double ofSize = Math.Exp(theta[1] - (theta[2] * x));
        double decay = Math.Exp(-theta[4] * y);
        gradient[0] = 1;
        gradient[1] = ofSize;
        gradient[2] = -ofSize * x;
        gradient[3] = decay;
        gradient[4] = -theta[3] * decay * y;
        return theta[0] + ofSize + (theta[3] * decay);
    }

    public IReadOnlyDictionary<string, double> Describe(ReadOnlySpan<double> theta, double scale) => new OrderedDictionary<string, double>
    {
        ["c0"] = theta[0],
        ["c1"] = Math.Exp(theta[1] + (theta[2] * Math.Log(scale))),
        ["alpha"] = theta[2],
        ["c2"] = theta[3],
        ["beta"] = theta[4],
    };
}
