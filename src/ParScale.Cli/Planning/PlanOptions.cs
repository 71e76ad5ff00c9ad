using System.CommandLine;
using ParScale.Cli.Bench;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Kernels.Formats;
using ParScale.ScalingLaws;
using ParScale.ScalingLaws.Cost;
using ParScale.ScalingLaws.Plan;

namespace ParScale.Cli.Planning;

/// <summary>What <c>parscale plan</c> is asked.</summary>
internal sealed class PlanOptions
{
    private const int DefaultContext = 2048, DefaultOutput = 256;

    private readonly Option<double?> _memory = QuantityOption.Create("--memory",
        "Maximum memory at full context, everything included (default: the machine's memory).", Quantity.Bytes, "8GB");
    private readonly Option<double?> _latency = QuantityOption.Create("--latency",
        "Maximum time per token at full context: a decode step of the whole batch.", Quantity.Seconds, "60ms");
    private readonly Option<double?> _first = QuantityOption.Create("--first-token",
        "Maximum time to first token: until the prompt is read.", Quantity.Seconds, "2s");
    private readonly Option<int?> _context = NumberOption.Integer("--context",
        "Tokens of prompt and output together (default: 2048).", 2, WorkOptions.MostTokens);
    private readonly Option<int?> _output = NumberOption.Integer("--output",
        "How many of them are output (default: 256, or half of a shorter context).", 1, WorkOptions.MostTokens);
    private readonly LawChoice _law = new();
    private readonly Option<ModelShape[]?> _sizes = SizeList.CreateDense("--size", "default: the published and others from 0.25B to 16B");
    private readonly Option<bool> _published = CommonOptions.Flag("--published", "Only models with a published checkpoint.");
    private readonly Option<double?> _loss8 = RoundingLoss(WeightDtype.Q8), _loss4 = RoundingLoss(WeightDtype.Q4);
    private readonly WorkOptions _work = new("bf16,q8,q4");

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _memory, _latency, _first, _context, _output, _sizes, _published, _loss8, _loss4 })
            command.Options.Add(option);
        _law.AddTo(command);
        _work.AddTo(command);
    }

    /// <summary>The request, and the name of the law's data. Everything is checked before the machine is measured.</summary>
    public (PlanRequest Request, string Data) Read(ParseResult parse, Terminal terminal)
    {
        string deviceName = _work.DeviceName(parse);
        Workload work = Work(parse);
        int[] streams = _work.Streams(parse);
        ModelShape[]? sizes = NumberList.Get(parse, _sizes);
        if (parse.GetValue(_published) && _work.Anchored(parse)) throw ParScaleException.Usage("CL-02", "no anchored model is published; leave out --published or --anchored");
        if (parse.GetValue(_published)) (sizes, streams) = OnlyPublished(sizes, streams);
        (ScalingLaw law, string data, FittedRange fitted) = _law.Read(parse, terminal);
        (double loss8, double loss4) = (parse.GetValue(_loss8) ?? FormatSizes.RoundingLoss(WeightDtype.Q8), parse.GetValue(_loss4) ?? FormatSizes.RoundingLoss(WeightDtype.Q4));
        Device device = DeviceOption.Find(deviceName, terminal);
        if (_work.Anchored(parse) && !_law.IsOfAnchored(parse)) terminal.Note("the law was fitted to ordinary streams: what helpers of an anchor gain is not known; a sweep of them has a law of its own (--data results.csv --arms anchored)");
        return (new PlanRequest
        {
            Law = law,
            Fitted = fitted,
            Device = device,
            Work = work,
            MemoryLimit = parse.GetValue(_memory) ?? device.MemoryBytes,
            DecodeLimit = parse.GetValue(_latency) ?? double.PositiveInfinity,
            PrefillLimit = parse.GetValue(_first) ?? double.PositiveInfinity,
            Cache = _work.Cache(parse),
            Weights = _work.Weights(parse, WeightDtype.Bf16, WeightDtype.Q8, WeightDtype.Q4),
            Streams = streams,
            Shapes = _work.Of(parse, sizes ?? CandidateShapes.All),
            RoundingLoss = format => format switch { WeightDtype.Q8 => loss8, WeightDtype.Q4 => loss4, _ => 0 },
        }, data);
    }

    private Workload Work(ParseResult parse)
    {
        int context = parse.GetValue(_context) ?? DefaultContext, output = parse.GetValue(_output) ?? Math.Min(DefaultOutput, context / 2);
        if (output >= context)
            throw ParScaleException.Usage("CL-02", $"--output {output} leaves no prompt in a context of {context} tokens; raise --context or lower --output");
        return new Workload(_work.Batch(parse), context - output, output);
    }

    private static (ModelShape[] Sizes, int[] Streams) OnlyPublished(ModelShape[]? sizes, int[] streams)
    {
        ModelShape[] shapes = [.. (sizes ?? [.. PublishedShapes.All]).Where(PublishedShapes.All.Contains)];
        int[] ps = [.. streams.Where(p => PublishedCheckpoints.Names(PublishedShapes.All[0], p).Count > 0)];
        if (shapes.Length > 0 && ps.Length > 0) return (shapes, ps);
        throw ParScaleException.Usage("CL-02", "--published: no checkpoint has these --size and --streams; there are "
            + $"{string.Join(", ", PublishedShapes.All.Select(shape => shape.Name))} with P = 1, 2, 4 and 8");
    }

    private static Option<double?> RoundingLoss(WeightDtype format)
    {
        string name = Figures.Format(format), usual = Figures.Loss(FormatSizes.RoundingLoss(format));
        return NumberOption.Real($"--{name}-loss", $"Nats per token that {name} weights add to the loss (default: {usual}, from llama.cpp's table for a 7B model).",
            value => value is >= 0 and <= 10, "from 0 to 10");
    }
}
