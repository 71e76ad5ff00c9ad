using System.CommandLine;
using ParScale.Cli.Bench;
using ParScale.Cli.Options;
using ParScale.Kernels.Formats;
using ParScale.ScalingLaws.Cost;

namespace ParScale.Cli.Planning;

/// <summary>What <c>cost</c> and <c>plan</c> have in common: machine, formats, streams, batch.</summary>
internal sealed class WorkOptions
{
    /// <summary>Most tokens of a context.</summary>
    public const int MostTokens = 1 << 24;

    private const int MostBatch = 1 << 16, MostStreams = 64;

    private readonly Option<int[]?> _streams = NumberList.CreateOption("--streams", "Parallel streams P (default: 1,2,4,8).", 1, MostStreams);
    private readonly Option<WeightDtype[]?> _weights;
    private readonly Option<KvDtype?> _cache = DtypeOption.OfKeysAndValues("Format of keys and values (default: as the engine has it, f32 for f32 and bf16 weights, else bf16).");
    private readonly Option<int?> _batch = NumberOption.Integer("--batch", "Sequences at the same time (default: 1).", 1, MostBatch);
    private readonly Option<bool> _anchored = CommonOptions.Flag("--anchored",
        "Streams beside an anchor: the plain model reads prompts alone and keeps the only keys and values.");
    private readonly DeviceOption _device = new();

    public WorkOptions(string defaultWeights) =>
        _weights = NameList.CreateOption<WeightDtype>("--dtype", $"Formats of the weights (default: {defaultWeights}).");

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _streams, _weights, _cache, _batch, _anchored, _device.Option }) command.Options.Add(option);
    }

    public int[] Streams(ParseResult parse) => [.. (NumberList.Get(parse, _streams) ?? [1, 2, 4, 8]).Order()];

    public WeightDtype[] Weights(ParseResult parse, params WeightDtype[] otherwise) => NumberList.Get(parse, _weights) ?? otherwise;

    /// <summary>The format of keys and values that is asked for, or null.</summary>
    public KvDtype? Cache(ParseResult parse) => parse.GetValue(_cache);

    /// <summary>Whether streams other than the first are helpers of an anchor.</summary>
    public bool Anchored(ParseResult parse) => parse.GetValue(_anchored);

    /// <summary>Sizes with their kind of streams.</summary>
    public ModelShape[] Of(ParseResult parse, IEnumerable<ModelShape> shapes) =>
        [.. Anchored(parse) ? shapes.Select(shape => shape with { Anchored = true }) : shapes];

    public int Batch(ParseResult parse) => parse.GetValue(_batch) ?? 1;

    public string DeviceName(ParseResult parse) => _device.Check(parse);
}
