using System.CommandLine;
using System.Globalization;
using ParScale.Cli.Commands;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.ScalingLaws;
using ParScale.ScalingLaws.Law;

namespace ParScale.Cli.Law;

/// <summary><c>parscale law predict</c>: the loss of a model.</summary>
internal sealed class LawPredictCommand : ExampleCommand
{
    private readonly LossTableOption _data = new();
    private readonly ModelSizeOptions _model = new(defaultStreams: 1);

    public LawPredictCommand(Terminal terminal, CommonOptions common)
        : base("predict", "Predict the loss of a model of N parameters and P streams, and the size of the plain model with the same loss.")
    {
        _data.AddTo(this);
        _model.AddTo(this);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale law predict --data stack -n 2.8B -p 4
          parscale law predict --data my-losses.csv -n 300M -p 2 --json
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        (double n, int p) = _model.Read(parse);
        LossTable table = _data.Read(parse, terminal);
        ScalingLaw law = _data.Law(parse, table);
        var result = new LawPredictResult(
            table.Name, n, p, law.Loss(n, p), law.EquivalentParameters(n, p), ModelSizeOptions.Warnings(table, (n, p)));
        if (json)
        {
            terminal.WriteJson(result, CliJson.Readable.LawPredictResult);
            return 0;
        }
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"loss {result.Loss:F5} nats per token ({table.Name}), equal to a plain model of {ParameterCount.Format(result.EquivalentN)} parameters"));
        foreach (string note in result.Notes) terminal.Note(note);
        return 0;
    }
}

/// <summary>The JSON of <c>parscale law predict</c>.</summary>
/// <param name="Data">Whose losses.</param>
/// <param name="N">Parameters.</param>
/// <param name="P">Streams.</param>
/// <param name="Loss">Predicted loss, nats per token.</param>
/// <param name="EquivalentN">Parameters of the model with P = 1 and the same loss.</param>
/// <param name="Notes">Where the question goes beyond the data.</param>
internal sealed record LawPredictResult(string Data, double N, int P, double Loss, double EquivalentN, IReadOnlyList<string> Notes);
