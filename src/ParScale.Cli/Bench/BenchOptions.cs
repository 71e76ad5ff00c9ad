using System.CommandLine;
using ParScale.Benchmarking;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Quantization;

namespace ParScale.Cli.Bench;

/// <summary>What <c>parscale bench</c> measures.</summary>
internal sealed class BenchOptions
{
    private const int MostThreads = 1024, MostRepetitions = 1000;
    private static readonly int[] DefaultStreams = [1, 2, 4, 8], DefaultContexts = [64];

    private readonly ModelFolderOption _model = new();
    private readonly ShapeOptions _shape = new();
    private readonly Option<int[]?> _streams = NumberList.CreateOption("--streams",
        "Parallel streams P (default: 1,2,4,8; with -m the model's own).", 1, ConfigLimits.Streams);
    private readonly Option<StreamBatch[]?> _batches = BatchList.CreateOption("--batch",
        "Batches that share each step: 1+2+5 is a sequence of each P, 8x1 is eight with P = 1; an a at the end, as in 16x4a, gives them an anchor.", ConfigLimits.Streams);
    private readonly Option<WeightDtype[]?> _types = NameList.CreateOption<WeightDtype>("--dtype",
        "Formats of the weights (default: q8; with -m as stored).");
    private readonly Option<KvDtype[]?> _caches = NameList.CreateOption<KvDtype>("--kv-dtype",
        "Formats of cached keys and values (default: f32, or bf16 beside quantised weights).", "--kv");
    private readonly Option<int[]?> _contexts = NumberList.CreateOption("--context",
        "Tokens in the cache before the decode step that is measured (default: 64).", 0, ConfigLimits.Positions - 1, "-d");
    private readonly Option<int?> _prompt = NumberOption.Integer("--prompt",
        "Tokens of the prompt that is measured; 0 leaves it out (default: 512).", 0, ConfigLimits.Positions, "-p");
    private readonly Option<int?> _steps = NumberOption.Integer("--steps",
        "Decode steps of each row in each round (default: 8).", 1, MostRepetitions, "-n");
    private readonly Option<int?> _repetitions = NumberOption.Integer("--repetitions",
        "Rounds; each measures every row once (default: 5).", 1, MostRepetitions, "-r");
    private readonly Option<int?> _threads = NumberOption.Integer("--threads",
        "Worker threads (default: one per core).", 1, MostThreads, "-t");

    public void AddTo(Command command)
    {
        _shape.AddTo(command);
        _model.AddTo(command);
        foreach (Option option in new Option[] { _streams, _batches, _types, _caches, _contexts, _prompt, _steps, _repetitions, _threads }) command.Options.Add(option);
    }

    /// <summary>The plan that the options describe.</summary>
    public BenchmarkPlan Read(ParseResult parse, Terminal terminal)
    {
        string? folder = _model.Read(parse, terminal);
        if (folder is not null && _shape.Given(parse) is { } given)
            throw ParScaleException.Usage("CL-02", $"{given} makes a model of random weights, -m loads one; give one of them");
        CheckpointConfig? stored = folder is null ? null : LoadConfig(folder);
        (string name, ModelConfig shape) = stored is null ? _shape.Read(parse) : (_model.NameOf(parse, folder!), stored.Model);
        bool anchored = _shape.Anchored(parse);
        var plan = new BenchmarkPlan
        {
            Folder = folder,
            Name = anchored ? $"{name} anchored" : name,
            Shape = shape,
            Stored = stored?.Streams,
            PrefixTokens = _shape.PrefixTokens(parse),
            Anchored = anchored,
            Types = NumberList.Get(parse, _types)?.Cast<WeightDtype?>().ToArray() ?? (folder is null ? [WeightDtype.Q8] : [null]),
            Caches = NumberList.Get(parse, _caches)?.Cast<KvDtype?>().ToArray() ?? [null],
            Batches = Batches(parse, stored),
            Contexts = NumberList.Get(parse, _contexts) ?? DefaultContexts,
            Prompt = parse.GetValue(_prompt) ?? 512,
            Steps = parse.GetValue(_steps) ?? 8,
            Repetitions = parse.GetValue(_repetitions) ?? 5,
            Threads = parse.GetValue(_threads) ?? Math.Min(Environment.ProcessorCount, MostThreads),
        };
        Check(plan, stored);
        return plan;
    }

    private StreamBatch[] Batches(ParseResult parse, CheckpointConfig? stored)
    {
        StreamBatch[]? batches = NumberList.Get(parse, _batches);
        int[] streams = NumberList.Get(parse, _streams) ?? (batches is not null ? [] : stored is null ? DefaultStreams : [stored.Streams.Count]);
        return [.. streams.Select(StreamBatch.Of), .. batches ?? []];
    }

    private static void Check(BenchmarkPlan plan, CheckpointConfig? stored)
    {
        if (stored is null) return;
        if (plan.Batches.FirstOrDefault(batch => batch.Anchored) is { } anchored)
            throw ParScaleException.Usage("CL-02", $"--batch {anchored.Name} makes an anchor of random weights, -m has the model's own streams; leave out the a");
        foreach (int streams in plan.Batches.SelectMany(batch => batch.Streams)) stored.WithStreams(streams);
        foreach (WeightDtype? type in plan.Types) QuantizedFolder.RequireType(stored, type);
        if (plan.Prompt > plan.Shape.MaxPositions) throw TooLong("--prompt", plan.Prompt, plan.Shape);
        if (plan.Contexts.Max() >= plan.Shape.MaxPositions) throw TooLong("--context", plan.Contexts.Max(), plan.Shape);
    }

    private static CheckpointConfig LoadConfig(string folder)
    {
        HeaderChecksum.Require(folder);
        return CheckpointConfig.Load(folder);
    }

    private static ParScaleException TooLong(string option, int tokens, ModelConfig shape) =>
        ParScaleException.Usage("CL-02", $"{option} {tokens} does not fit into the model's context of {shape.MaxPositions} tokens");
}
