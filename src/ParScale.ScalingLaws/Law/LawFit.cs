using ParScale.ScalingLaws.Law.Fitting;
using ParScale.ScalingLaws.Law.Forms;

namespace ParScale.ScalingLaws.Law;

/// <summary>
/// The law fitted to a table of losses as published: Huber loss (delta 1e-3) on ln L, a bounded quasi-Newton method from 300 starts.
/// </summary>
public sealed class LawFit
{
    private const double AtBound = 1e-6;

    private LawFit(LossTable table, FormFit fit, ScalingLaw law)
    {
        Table = table;
        Fit = fit;
        Law = law;
        RSquared = fit.RSquared();
        Residuals = [.. table.Points.Select(point => new LossResidual(point, law.Loss(point.N, point.P)))];
        Notes = [.. table.Notes, .. NotesOn(law)];
    }

    /// <summary>The data.</summary>
    public LossTable Table { get; }

    /// <summary>The best law.</summary>
    public ScalingLaw Law { get; }

    /// <summary>1 - sum (L' - L)^2 / sum (L - mean L)^2 over the losses themselves, not their logarithms, as published.</summary>
    public double RSquared { get; }

    /// <summary>Every point with its prediction, in the table's order.</summary>
    public IReadOnlyList<LossResidual> Residuals { get; }

    /// <summary>What to know before relying on the fit; empty when there is nothing.</summary>
    public IReadOnlyList<string> Notes { get; }

    internal FormFit Fit { get; }

    /// <summary>Fits the law to <paramref name="table"/>.</summary>
    /// <exception cref="LossTableException">The losses do not fall as N grows.</exception>
    public static LawFit Of(LossTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        FormFit fit = Fitter.Fit(new LogForm(), new FitData(table.Points));
        ScalingLaw law = LawOf(fit);
        if (law.Alpha <= AtBound || !double.IsFinite(law.A) || law.A <= 0 || !(fit.RSquared() > AtBound))
        {
            throw new LossTableException("LW-08",
                "the losses do not fall as n grows, so no such law fits them; check that n and loss are not swapped and the runs are alike");
        }
        return new LawFit(table, fit, law);
    }

    internal static ScalingLaw LawOf(FormFit fit)
    {
        IReadOnlyDictionary<string, double> found = fit.Form.Describe(fit.Theta, fit.Data.Scale);
        return new ScalingLaw(found["e"], found["a"], found["alpha"], found["k"]);
    }

    private IEnumerable<string> NotesOn(ScalingLaw law)
    {
        if (Table.Points.Count == LossTable.FewestPoints)
            yield return FormattableString.Invariant($"{LossTable.FewestPoints} points for as many parameters: that they fit proves nothing");
        if (law.K <= AtBound) yield return "k is 0: in these data more streams do not lower the loss";
        if (law.E <= AtBound) yield return "e is 0: these data show no floor of the loss";
        if (RSquared < 0.9)
            yield return FormattableString.Invariant($"the law explains only {100 * RSquared:F1} % of the losses' variance");
    }
}
