using System.CommandLine;
using ParScale.Cli.Commands;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.ScalingLaws;
using ParScale.ScalingLaws.Law;

namespace ParScale.Cli.Law;

/// <summary><c>parscale law fit</c>: the law of a table of losses, and how far to trust it.</summary>
internal sealed class LawFitCommand : ExampleCommand
{
    private const int MostSamples = 100_000;

    private readonly LossTableOption _data = new();
    private readonly Option<int?> _samples = NumberOption.Integer("--bootstrap",
        $"Bootstrap repetitions for the intervals; 0 leaves them out (default: {LawBootstrap.DefaultSamples}).", 0, MostSamples);
    private readonly Option<int?> _seed = NumberOption.Integer("--seed", "Random seed; the same seed gives the same intervals (default: 1).", 0, int.MaxValue, "-s");

    public LawFitCommand(Terminal terminal, CommonOptions common)
        : base("fit", "Fit the law and rival laws to losses, with intervals and held-out errors.")
    {
        _data.AddTo(this);
        Options.Add(_samples);
        Options.Add(_seed);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale law fit --data pile
          parscale law fit --data my-losses.csv --json
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        LossTable table = _data.Read(parse, terminal);
        LawFit fit = _data.Fit(parse, table);
        (int samples, int seed) = (parse.GetValue(_samples) ?? LawBootstrap.DefaultSamples, parse.GetValue(_seed) ?? 1);
        LawBootstrap? bootstrap = samples == 0 ? null : LawBootstrap.Of(fit, samples, seed);
        LawFitResult result = Describe(fit, bootstrap, seed, LawComparison.Of(fit));
        if (json) terminal.WriteJson(result, CliJson.Readable.LawFitResult);
        else LawFitReport.Write(result, terminal);
        return 0;
    }

    private static LawFitResult Describe(LawFit fit, LawBootstrap? bootstrap, int seed, LawComparison comparison) => new()
    {
        Data = fit.Table.Name,
        Points = fit.Table.Points.Count,
        E = fit.Law.E,
        A = fit.Law.A,
        Alpha = fit.Law.Alpha,
        K = fit.Law.K,
        R2 = fit.RSquared,
        Intervals = bootstrap is null ? null : new LawFitIntervals(
            LawBootstrap.Level, bootstrap.Samples, seed,
            Between(bootstrap, law => law.E), Between(bootstrap, law => law.A),
            Between(bootstrap, law => law.Alpha), Between(bootstrap, law => law.K)),
        Residuals = [.. fit.Residuals.Select(at => new LawFitResidual(at.Point.N, at.Point.P, at.Point.Loss, at.Predicted, at.Error))],
        Extrapolation = comparison.Forms[0].Extrapolations,
        Forms = [.. comparison.Forms.Select(form => new LawFitForm(
            form.Name, form.Formula, form.Parameters, form.RSquared, form.Aicc, form.Bic, form.CrossValidation, form.Extrapolations))],
        OpenQuestions = comparison.OpenQuestions,
        Notes = fit.Notes,
    };

    private static LawFitInterval Between(LawBootstrap bootstrap, Func<ScalingLaw, double> figure)
    {
        static double? Finite(double value) => double.IsFinite(value) ? value : null;

        Interval interval = bootstrap.Of(figure);
        return new LawFitInterval(Finite(interval.Low), Finite(interval.High));
    }
}
