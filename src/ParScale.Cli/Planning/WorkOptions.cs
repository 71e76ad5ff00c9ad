using System.CommandLine;
using ParScale.Cli.Bench;
using ParScale.Cli.Options;
using ParScale.ScalingLaws.Cost;

namespace ParScale.Cli.Planning;

/// <summary>What <c>cost</c> and <c>plan</c> have in common: machine, formats, streams, batch.</summary>
internal sealed class WorkOptions
{
    /// <summary>Most tokens of a context.</summary>
    public const int MostTokens = 1 << 24;

    private const int MostBatch = 1 << 16, MostStreams = 64;

    private static readonly Dictionary<string, CacheFormat> Caches = new()
    {
        ["f32"] = CacheFormat.F32,
        ["bf16"] = CacheFormat.Bf16,
        ["q8"] = CacheFormat.Q8,
    };

    private readonly Option<int[]?> _streams = NumberList.CreateOption("--streams", "Parallel streams P (default: 1,2,4,8).", 1, MostStreams);
    private readonly Option<WeightFormat[]?> _weights;
    private readonly Option<CacheFormat?> _cache = new("--kv")
    {
        Description = "Format of keys and values (default: bf16).",
        HelpName = "f32|bf16|q8",
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (Caches.TryGetValue(text, out CacheFormat format)) return format;
            result.AddError($"--kv needs f32, bf16 or q8, not {ParScaleException.Quote(text)}");
            return null;
        },
    };
    private readonly Option<int?> _batch = NumberOption.Integer("--batch", "Sequences at the same time (default: 1).", 1, MostBatch);
    private readonly DeviceOption _device = new();

    public WorkOptions(string defaultWeights) =>
        _weights = NameList.CreateOption<WeightFormat>("--dtype", $"Formats of the weights (default: {defaultWeights}).");

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _streams, _weights, _cache, _batch, _device.Option }) command.Options.Add(option);
    }

    public int[] Streams(ParseResult parse) => [.. (NumberList.Get(parse, _streams) ?? [1, 2, 4, 8]).Order()];

    public WeightFormat[] Weights(ParseResult parse, params WeightFormat[] otherwise) => NumberList.Get(parse, _weights) ?? otherwise;

    public CacheFormat Cache(ParseResult parse) => parse.GetValue(_cache) ?? CacheFormat.Bf16;

    public int Batch(ParseResult parse) => parse.GetValue(_batch) ?? 1;

    public string DeviceName(ParseResult parse) => _device.Check(parse);
}
