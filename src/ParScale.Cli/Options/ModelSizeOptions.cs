using System.CommandLine;
using System.Globalization;
using ParScale.ScalingLaws.Law;

namespace ParScale.Cli.Options;

/// <summary>A model as the law sees it: parameters and streams.</summary>
internal sealed class ModelSizeOptions(int defaultStreams)
{
    /// <summary>Most streams of any question.</summary>
    public const int MostStreams = 65536;

    private readonly Option<double?> _parameters = ParametersOption.Create("--parameters",
        "Parameters without the embedding, and with prefixes and aggregator: 1571472384, 1.6e9, 1.6B, 700M.", "-n", "--n");

    private readonly Option<int?> _streams = NumberOption.Integer("--streams",
        $"Parallel streams (default: {defaultStreams.ToString(CultureInfo.InvariantCulture)}).", 1, MostStreams, "-p", "--p");

    public void AddTo(Command command)
    {
        command.Options.Add(_parameters);
        command.Options.Add(_streams);
    }

    public (double N, int P) Read(ParseResult parse)
    {
        double n = parse.GetValue(_parameters) ?? throw ParScaleException.Usage("CL-02", "no model size given: use -n with its parameters, such as -n 1.6B");
        return (n, parse.GetValue(_streams) ?? defaultStreams);
    }

    /// <summary>Says where a question goes beyond what <paramref name="table"/> can know.</summary>
    public static IReadOnlyList<string> Warnings(LossTable table, params (double N, int P)[] models)
    {
        List<string> warnings = [.. table.Notes];
        (double least, double most) = (table.Points.Min(point => point.N), table.Points.Max(point => point.N));
        int p = models.Max(model => model.P);
        if (p > table.MostStreams)
            warnings.Add(string.Create(CultureInfo.InvariantCulture, $"no data have p above {table.MostStreams}: for p = {p} the law is an extrapolation"));
        foreach ((double n, _) in models.Where(model => model.N < least / 1.05 || model.N > most * 1.05))
        {
            warnings.Add($"the data range from n = {ParameterCount.Format(least)} to {ParameterCount.Format(most)}; {ParameterCount.Format(n)} is outside");
        }
        return warnings;
    }
}
