using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;
using ParScale.ScalingLaws.Law.Forms;

namespace ParScale.ScalingLaws.Law.Fitting;

/// <summary>Fits a form by a bounded quasi-Newton method (BFGS-B) from many starts; the best of all points it came by wins.</summary>
internal static class Fitter
{
    /// <summary>The published width of the Huber loss, in ln L.</summary>
    public const double Delta = 1e-3;

    /// <summary>So wide that the Huber loss is the plain square.</summary>
    public const double LeastSquares = 1;

    private const int MostSteps = 500;

    /// <summary>Fits <paramref name="form"/> from all its own starts.</summary>
    public static FormFit Fit(ILossForm form, FitData data) => Fit(form, data, form.Starts(data), Delta);

    /// <summary>Fits <paramref name="near"/>'s form to other data, or with another width, from where that fit ended.</summary>
    public static FormFit Refit(FormFit near, FitData data, double delta = Delta) => Fit(near.Form, data, [near.Theta], delta);

    private static FormFit Fit(ILossForm form, FitData data, IEnumerable<double[]> starts, double delta)
    {
        (double Least, double Most)[] bounds = form.Bounds(data);
        var lower = Vector<double>.Build.Dense(bounds.Length, i => bounds[i].Least);
        var upper = Vector<double>.Build.Dense(bounds.Length, i => bounds[i].Most);
        var objective = new HuberObjective(form, data, delta);
        foreach (double[] start in starts) Descend(objective, start, lower, upper, tolerance: 1e-6);

        // Rounding ends a line search early, and a descent with it; from the same place a new one goes on.
        for (double before = double.PositiveInfinity; objective.Best < before * (1 - 1e-9);)
        {
            before = objective.Best;
            Descend(objective, objective.BestTheta, lower, upper, tolerance: 1e-10);
        }
        return new FormFit(form, data, objective.BestTheta);
    }

    private static void Descend(HuberObjective objective, double[] start, Vector<double> lower, Vector<double> upper, double tolerance)
    {
        var minimizer = new BfgsBMinimizer(tolerance, tolerance, tolerance, MostSteps);
        var from = Vector<double>.Build.Dense(start.Length, i => Math.Clamp(start[i], lower[i], upper[i]));
        try
        {
            minimizer.FindMinimum(ObjectiveFunction.Gradient(objective.Evaluate), lower, upper, from);
        }
        catch (Exception stuck) when (stuck is OptimizationException or ArgumentException)
        {
            // A start that leads nowhere is why there are many; the objective keeps the best point that it came by.
        }
    }
}
