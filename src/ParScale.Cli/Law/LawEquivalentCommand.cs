using System.CommandLine;
using System.Globalization;
using ParScale.Cli.Commands;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.ScalingLaws;
using ParScale.ScalingLaws.Law;

namespace ParScale.Cli.Law;

/// <summary><c>parscale law equivalent</c>: models of equal loss.</summary>
internal sealed class LawEquivalentCommand : ExampleCommand
{
    private readonly LossTableOption _data = new();
    private readonly ModelSizeOptions _model = new(defaultStreams: 1);
    private readonly Option<int?> _to = NumberOption.Integer("--to-streams",
        "Streams of the model of equal loss (default: 1, the plain model).", 1, ModelSizeOptions.MostStreams, "--to-p");

    public LawEquivalentCommand(Terminal terminal, CommonOptions common)
        : base("equivalent", "Find the size at which a model with another P (default: the plain model) has the same loss.")
    {
        _data.AddTo(this);
        _model.AddTo(this);
        Options.Add(_to);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale law equivalent --data stack -n 1.6B -p 8
          parscale law equivalent --data pile -n 4.4B --to-streams 8
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        (double n, int p) = _model.Read(parse);
        int to = parse.GetValue(_to) ?? 1;
        LossTable table = _data.Read(parse, terminal);
        ScalingLaw law = _data.Law(parse, table);

        double plain = law.EquivalentParameters(n, p);
        int[] streams = [.. table.Points.Select(point => point.P).Append(p).Append(to).Distinct().Order()];
        var result = new LawEquivalentResult(
            table.Name, n, p, law.Loss(n, p), to, law.ParametersWithStreams(plain, to),
            [.. streams.Select(count => new ModelSize(count, law.ParametersWithStreams(plain, count)))],
            ModelSizeOptions.Warnings(table, (n, p), (law.ParametersWithStreams(plain, to), to)));
        if (json) terminal.WriteJson(result, CliJson.Readable.LawEquivalentResult);
        else WriteText(result, terminal);
        return 0;
    }

    private static void WriteText(LawEquivalentResult result, Terminal terminal)
    {
        (string n, string other) = (ParameterCount.Format(result.N), ParameterCount.Format(result.EquivalentN));
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{n} with P = {result.P} equals {other} with P = {result.ToP}: loss {result.Loss:F5} nats per token ({result.Data})"));
        terminal.Out.WriteLine();
        terminal.Out.WriteLine("  P   parameters of the same loss");
        foreach (ModelSize model in result.SameLoss)
            terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{model.P,3}   {ParameterCount.Format(model.N)}"));
        foreach (string note in result.Notes) terminal.Note(note);
    }
}

/// <summary>The JSON of <c>parscale law equivalent</c>.</summary>
/// <param name="Data">Whose losses.</param>
/// <param name="N">Parameters asked about.</param>
/// <param name="P">Streams asked about.</param>
/// <param name="Loss">The loss both have, nats per token.</param>
/// <param name="ToP">Streams of the other model.</param>
/// <param name="EquivalentN">Parameters of the other model.</param>
/// <param name="SameLoss">The size for every number of streams in the data.</param>
/// <param name="Notes">Where the question goes beyond the data.</param>
internal sealed record LawEquivalentResult(
    string Data, double N, int P, double Loss, int ToP, double EquivalentN, IReadOnlyList<ModelSize> SameLoss, IReadOnlyList<string> Notes);

/// <summary>A model as the law sees it.</summary>
/// <param name="P">Streams.</param>
/// <param name="N">Parameters.</param>
internal sealed record ModelSize(int P, double N);
