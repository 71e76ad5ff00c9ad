using MathNet.Numerics.LinearAlgebra;
using ParScale.ScalingLaws.Law.Forms;

namespace ParScale.ScalingLaws.Law.Fitting;

/// <summary>
/// Sum over the points of Huber(ln L - ln L'), with its gradient, in units of delta^2 so that the minimiser's tolerances mean
/// something. Huber(r) = r^2/2 up to delta, delta (|r| - delta/2) beyond. Remembers the best parameters it has seen.
/// </summary>
internal sealed class HuberObjective(ILossForm form, FitData data, double delta)
{
    private readonly double[] _ofPoint = new double[form.Bounds(data).Length];

    /// <summary>The lowest value so far, in units of delta^2; infinite before the first.</summary>
    public double Best { get; private set; } = double.PositiveInfinity;

    /// <summary>The parameters of <see cref="Best"/>.</summary>
    public double[] BestTheta { get; private set; } = [];

    public (double Value, Vector<double> Gradient) Evaluate(Vector<double> at)
    {
        double[] theta = at.AsArray() ?? at.ToArray();
        var gradient = new double[theta.Length];
        double sum = 0;
        for (int i = 0; i < data.LogSize.Length; i++)
        {
            double predicted = form.Predict(theta, data.LogSize[i], data.LogStreams[i], _ofPoint);
            double residual = (Math.Log(predicted) - data.LogLoss[i]) / delta;
            double size = Math.Abs(residual);
            sum += size <= 1 ? residual * residual / 2 : size - 0.5;
            double slope = Math.Clamp(residual, -1, 1) / (delta * predicted);
            for (int j = 0; j < gradient.Length; j++) gradient[j] += slope * _ofPoint[j];
        }
        if (sum < Best) (Best, BestTheta) = (sum, (double[])theta.Clone());
        return (sum, Vector<double>.Build.Dense(gradient));
    }
}
