using System.CommandLine;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.ScalingLaws.Plan;

namespace ParScale.Cli.Commands;

/// <summary><c>parscale plan</c>: which N and which P for a machine and its limits.</summary>
internal sealed class PlanCommand : ExampleCommand
{
    private const int MostLines = 100_000;

    private readonly PlanOptions _options = new();
    private readonly Option<int?> _lines = NumberOption.Integer("--top", "Lines of the table (default: 12).", 1, MostLines);

    public PlanCommand(Terminal terminal, CommonOptions common)
        : base("plan", "Find the sizes, P and formats with the least predicted loss within limits of memory and time, and say why.")
    {
        _options.AddTo(this);
        Options.Add(_lines);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale plan --memory 8GB --latency 60ms --context 4096 --batch 1 --device this
          parscale plan --memory 24GiB --device rtx4090 --batch 16 --published
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        (PlanRequest request, string data) = _options.Read(parse, terminal);
        PlanResult plan = Planner.Plan(request);
        if (plan.Failure is { } failure) throw ParScaleException.Usage("PL-01", PlanReasons.Describe(failure));

        PlanReport report = PlanReport.Of(plan, data);
        if (json) terminal.WriteJson(report, CliJson.Readable.PlanReport);
        else PlanText.Write(report, parse.GetValue(_lines) ?? 12, terminal.Out);
        return 0;
    }
}
