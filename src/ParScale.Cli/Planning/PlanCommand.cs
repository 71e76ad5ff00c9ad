using System.CommandLine;
using ParScale.Cli.Commands;
using ParScale.Cli.Options;
using ParScale.Cli.Plots;
using ParScale.Cli.Terminals;
using ParScale.Plots;
using ParScale.ScalingLaws.Plan;

namespace ParScale.Cli.Planning;

/// <summary><c>parscale plan</c>: which N and which P for a machine and its limits.</summary>
internal sealed class PlanCommand : ExampleCommand
{
    private const int MostLines = 100_000;

    private static readonly Dictionary<string, PlanLimit> Axes = new()
    {
        ["memory"] = PlanLimit.Memory,
        ["token"] = PlanLimit.Decode,
        ["first"] = PlanLimit.Prefill,
    };

    private readonly PlanOptions _options = new();
    private readonly Option<int?> _lines = NumberOption.Integer("--top", "Lines of the table (default: 12).", 1, MostLines);

    private readonly PlotOption _plot = new("Plot predicted loss over memory, or over what --over names");
    private readonly Option<PlanLimit?> _over = OverOption();
    private readonly Option<string?> _html = new("--html")
    {
        Description = "Write a report with all pictures into one HTML file.",
        HelpName = "FILE",
        Arity = ArgumentArity.ExactlyOne,
    };

    public PlanCommand(Terminal terminal, CommonOptions common)
        : base("plan", "Find the size, P and format with the lowest predicted loss within limits of memory and time, and explain the choice.")
    {
        _options.AddTo(this);
        foreach (Option option in new Option[] { _lines, _plot.Option, _over, _html }) Options.Add(option);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale plan --memory 8GB --latency 60ms --context 4096 --batch 1 --device this
          parscale plan --memory 24GiB --device rtx4090 --batch 16 --published
          parscale plan --latency 50ms --data pile --plot plan.png --over token --html plan.html
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        string? plot = _plot.Read(parse), html = PlanHtml.Check(parse.GetValue(_html));
        (PlanRequest request, string data) = _options.Read(parse, terminal);
        PlanResult plan = Planner.Plan(request);
        if (plan.Failure is { } failure) throw ParScaleException.Usage("PL-01", PlanReasons.Describe(failure));

        PlanReport report = PlanReport.Of(plan, data);
        if (plot is not null) PlotOption.Write(PlanPlot.Draw(plan, parse.GetValue(_over) ?? PlanLimit.Memory), plot, terminal);
        if (html is not null)
        {
            PictureFile.Write(html, PlanHtml.Write(report, plan));
            terminal.Note($"wrote {html}");
        }
        if (json) terminal.WriteJson(report, CliJson.Readable.PlanReport);
        else terminal.Show(PlanText.Of(report, parse.GetValue(_lines) ?? 12));
        return 0;
    }

    private static Option<PlanLimit?> OverOption() => new("--over")
    {
        Description = "X axis of --plot: memory, token (time per token) or first (time to first token).",
        HelpName = "memory|token|first",
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (Axes.TryGetValue(text, out PlanLimit axis)) return axis;
            result.AddError($"--over needs {string.Join(", ", Axes.Keys)}, not {ParScaleException.Quote(text)}");
            return null;
        },
    };
}
