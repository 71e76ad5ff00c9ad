using ParScale.ScalingLaws.Law.Fitting;
using ParScale.ScalingLaws.Law.Forms;

namespace ParScale.ScalingLaws.Law;

/// <summary>The law beside its rivals on the same data, and what those data leave open.</summary>
public sealed class LawComparison
{
    private LawComparison(IReadOnlyList<FormReport> forms, IReadOnlyList<string> openQuestions)
    {
        Forms = forms;
        OpenQuestions = openQuestions;
    }

    /// <summary>The law first, then the rivals for which there are points enough.</summary>
    public IReadOnlyList<FormReport> Forms { get; }

    /// <summary>Sentences: which form the data prefer, and what they do not settle.</summary>
    public IReadOnlyList<string> OpenQuestions { get; }

    /// <summary>Fits the rivals to the data of <paramref name="fit"/> and weighs all forms.</summary>
    public static LawComparison Of(LawFit fit)
    {
        ArgumentNullException.ThrowIfNull(fit);
        FitData data = fit.Fit.Data;
        var fits = new List<FormFit> { fit.Fit };
        foreach (ILossForm rival in new ILossForm[] { new CorrelationForm(), new SaturatingForm() })
        {
            if (data.Points.Count >= rival.Bounds(data).Length) fits.Add(Fitter.Fit(rival, data));
        }
        FormReport[] forms = [.. fits.Select(Report)];
        return new LawComparison(forms, [.. Verdict.On(fit.Table, forms)]);
    }

    private static FormReport Report(FormFit fit)
    {
        (double? aicc, double bic) = Criteria(fit);
        return new FormReport
        {
            Name = fit.Form.Name,
            Formula = fit.Form.Formula,
            Parameters = fit.Form.Describe(fit.Theta, fit.Data.Scale),
            RSquared = fit.RSquared(),
            Aicc = aicc,
            Bic = bic,
            CrossValidation = Holdout.CrossValidation(fit),
            Extrapolations = Holdout.Extrapolations(fit),
            Loss = fit.Predict,
        };
    }

    // Both criteria are of a likelihood, here of normal errors in ln L: so of the least-squares fit, with the scatter as one parameter more.
    private static (double? Aicc, double Bic) Criteria(FormFit fit)
    {
        const double exact = 1e-24;   // the square of what rounding leaves
        FormFit squares = Fitter.Refit(fit, fit.Data, Fitter.LeastSquares);
        int count = fit.Data.Points.Count, parameters = fit.Theta.Length + 1;
        double mean = fit.Data.Points.Average(point => Math.Pow(Math.Log(squares.Predict(point.N, point.P) / point.Loss), 2));
        double likelihood = count * Math.Log(Math.Max(mean, exact));
        double bic = likelihood + (parameters * Math.Log(count));
        int spare = count - parameters - 1;
        double? aicc = spare > 0 ? likelihood + (2 * parameters) + (2.0 * parameters * (parameters + 1) / spare) : null;
        return (aicc, bic);
    }
}
