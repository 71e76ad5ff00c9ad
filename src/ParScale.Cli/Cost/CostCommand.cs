using System.CommandLine;
using ParScale.Cli.Commands;
using ParScale.Cli.Options;
using ParScale.Cli.Planning;
using ParScale.Cli.Plots;
using ParScale.Cli.Terminals;
using ParScale.Kernels.Formats;
using ParScale.Model;
using ParScale.ScalingLaws;
using ParScale.ScalingLaws.Cost;

namespace ParScale.Cli.Cost;

/// <summary><c>parscale cost</c>: memory and time of models that need not exist, on machines that need not be here.</summary>
internal sealed class CostCommand : ExampleCommand
{
    private readonly Option<ModelShape[]?> _sizes = SizeList.CreateDense("--size", "default: 1.8B");
    private readonly Option<ModelShape[]?> _mixtures = SizeList.CreateMixtures("--moe");
    private readonly WorkOptions _work = new("bf16");
    private readonly Option<int?> _prompt = NumberOption.Integer("--prompt", "Tokens of each prompt (default: 128).", 1, WorkOptions.MostTokens);
    private readonly Option<int?> _output = NumberOption.Integer("--output", "Tokens generated after it (default: 128).", 1, WorkOptions.MostTokens);
    private readonly Option<bool> _equalLoss = CommonOptions.Flag("--equal-loss",
        "Also show the plain models of equal loss by the law of --data (default: stack), and how much memory and time they add compared with the streams.");
    private readonly LawChoice _law = new();
    private readonly PlotOption _plot = new("Plot the time per token over memory, one series per model");
    private readonly Option<bool> _paper = CommonOptions.Flag("--as-paper",
        "Repeat the arithmetic of the paper's cost figures (llm-analysis: always an A100 and 16 bits).");

    public CostCommand(Terminal terminal, CommonOptions common)
        : base("cost", "Estimate memory and time of models of any size and P on a machine with a roofline model: bandwidth or arithmetic, whichever is slower.")
    {
        Options.Add(_sizes);
        Options.Add(_mixtures);
        _work.AddTo(this);
        foreach (Option option in new Option[] { _prompt, _output, _equalLoss, _plot.Option, _paper }) Options.Add(option);
        _law.AddTo(this);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale cost --size 1.8B --streams 1,2,4,8 --dtype q8,q4
          parscale cost --size 1.8B,4.7B --moe 8B/1.6B --device rtx4090 --batch 4 --prompt 1024
          parscale cost --size 1.6B --streams 1,8 --equal-loss --device a100
          parscale cost --as-paper --size 1.6B,2.8B,4.4B --batch 1 --prompt 512 --output 512
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        ModelShape[] mixtures = Bench.NumberList.Get(parse, _mixtures) ?? [];
        ModelShape[] sizes = Bench.NumberList.Get(parse, _sizes) ?? [PublishedShapes.All[3]];
        var work = new Workload(_work.Batch(parse), parse.GetValue(_prompt) ?? 128, parse.GetValue(_output) ?? 128);
        string? plot = _plot.Read(parse);
        if (_law.Given(parse) is { } flag && !parse.GetValue(_equalLoss))
            throw ParScaleException.Usage("CL-02", $"{flag} chooses the law of --equal-loss alone; leave it out or add that");
        if (parse.GetValue(_paper))
        {
            if (_work.Anchored(parse)) throw ParScaleException.Usage("CL-02", "the paper has no anchored models; leave out --anchored or --as-paper");
            if (plot is not null) throw ParScaleException.Usage("CL-02", "--plot draws our own figures, not those of --as-paper; leave one of them out");
            if ((mixtures.Length > 0 ? _mixtures.Name : parse.GetValue(_equalLoss) ? _equalLoss.Name : null) is { } other)
                throw ParScaleException.Usage("CL-02", $"{other} asks for our own figures, not those of --as-paper; leave one of them out");
            PaperCostResult paper = PaperCostResult.Of(sizes, _work.Streams(parse), work);
            if (json) terminal.WriteJson(paper, CliJson.Readable.PaperCostResult);
            else CostText.Write(paper, terminal.Out);
            return 0;
        }
        ScalingLaw? law = parse.GetValue(_equalLoss) ? _law.Read(parse, terminal).Law : null;
        CostResult result = Describe(Queries(parse, sizes, mixtures, work, DeviceOption.Find(_work.DeviceName(parse), terminal)), law);
        if (plot is not null) PlotOption.Write(CostPlot.Draw(result), plot, terminal);
        if (json) terminal.WriteJson(result, CliJson.Readable.CostResult);
        else CostText.Write(result, terminal.Out);
        return 0;
    }

    private CostQuery[] Queries(ParseResult parse, ModelShape[] sizes, ModelShape[] mixtures, Workload work, Device device) =>
    [
        .. from weights in _work.Weights(parse, WeightDtype.Bf16)
           from pair in _work.Of(parse, sizes.Concat(mixtures)).SelectMany(shape => _work.Streams(parse).Select(p => (Shape: shape, P: p)))
           select new CostQuery { Shape = pair.Shape, Streams = pair.P, Weights = weights, Cache = _work.Cache(parse) ?? KvCache.DefaultType(weights), Work = work, Device = device },
    ];

    private static CostResult Describe(CostQuery[] queries, ScalingLaw? law)
    {
        List<CostRow> rows = [.. queries.Select(CostRow.Of)];
        List<CostIncrease> increases = [];
        foreach (CostQuery query in queries.Where(query => query.Streams > 1 && query.Shape.IdleParameters == 0))
        {
            if (law is null) break;
            double equal = law.EquivalentParameters(query.Shape.NonEmbeddingParameters(query.Streams), query.Streams);
            if (equal > PublishedShapes.Most) continue;
            CostQuery twin = query with { Shape = PublishedShapes.WithParameters(equal), Streams = 1 };
            (CostRow plain, CostRow streams, CostRow larger) = (CostRow.Of(query with { Streams = 1 }), CostRow.Of(query), CostRow.Of(twin));
            rows.Add(larger);
            increases.Add(new CostIncrease(streams.Model, streams.Streams, streams.Dtype, larger.Model,
                (larger.MemoryBytes - plain.MemoryBytes) / (streams.MemoryBytes - plain.MemoryBytes),
                (larger.TotalMs - plain.TotalMs) / (streams.TotalMs - plain.TotalMs)));
        }
        Workload work = queries[0].Work;
        Dictionary<string, string> caches = CacheFormats.Of(queries.Select(query => (query.Weights, query.Cache)));
        return new CostResult(DeviceFigures.From(queries[0].Device), work.Batch, work.Prompt, work.Output, caches, rows, increases);
    }
}
