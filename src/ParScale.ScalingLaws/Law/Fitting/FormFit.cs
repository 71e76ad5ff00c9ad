using ParScale.ScalingLaws.Law.Forms;

namespace ParScale.ScalingLaws.Law.Fitting;

/// <summary>A form with the parameters that fit the data best.</summary>
/// <param name="Form">The form.</param>
/// <param name="Data">What it was fitted to.</param>
/// <param name="Theta">The parameters, in the form's own order and units.</param>
internal sealed record FormFit(ILossForm Form, FitData Data, double[] Theta)
{
    /// <summary>The predicted loss of <paramref name="n"/> parameters and <paramref name="p"/> streams, nats per token.</summary>
    public double Predict(double n, int p) =>
        Form.Predict(Theta, Math.Log(n / Data.Scale), Math.Log(p), stackalloc double[Theta.Length]);

    /// <summary>Predicted less given loss, nats per token, of each of <paramref name="points"/>.</summary>
    public double[] Errors(IReadOnlyList<LossPoint> points) => [.. points.Select(point => Predict(point.N, point.P) - point.Loss)];

    /// <summary>Share of the losses' variance that the form explains: 1 - sum (L' - L)^2 / sum (L - mean L)^2.</summary>
    public double RSquared()
    {
        double mean = Data.Points.Average(point => point.Loss);
        double total = Data.Points.Sum(point => (point.Loss - mean) * (point.Loss - mean));
        return 1 - (Errors(Data.Points).Sum(error => error * error) / total);
    }
}
