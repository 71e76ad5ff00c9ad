using System.CommandLine;
using System.Globalization;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Quantization;
using ParScale.Text;

namespace ParScale.Cli.Commands;

/// <summary><c>parscale inspect</c>: what a model is and what it will cost, without loading its weights.</summary>
internal sealed class InspectCommand : ExampleCommand
{
    private readonly ModelFolderOption _model = new();
    private readonly StreamOptions _streams = new(mayRest: false);

    public InspectCommand(Terminal terminal, CommonOptions common)
        : base("inspect", "Check a model's files and show its shape, parameters and memory needs; the weights are not loaded.")
    {
        _model.AddTo(this);
        _streams.AddTo(this);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale inspect
          parscale inspect -m my-model --json
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        int? streams = _streams.Count(parse);
        string folder = _model.Read(parse, terminal) ?? EmbeddedModel.Folder(streams);
        using var checkpoint = Checkpoint.Open(folder);
        Tokenizer? tokenizer = Tokenizer.IsIn(folder) ? Tokenizer.Load(folder, checkpoint.Config.Model.VocabularySize) : null;
        InspectResult result = Describe(checkpoint, checkpoint.Config.WithStreams(streams), tokenizer);
        if (json) terminal.WriteJson(result, CliJson.Readable.InspectResult);
        else WriteText(result, terminal.Out);
        return 0;
    }

    private static InspectResult Describe(Checkpoint checkpoint, CheckpointConfig config, Tokenizer? tokenizer)
    {
        (ModelConfig model, StreamConfig streams) = (config.Model, config.Streams);
        return new InspectResult
        {
            Architecture = config.Architecture,
            Family = model.Family,
            Description = ModelDescription.Of(model),
            Parameters = ParameterCounts.Of(config),
            Streams = streams.Count,
            MemoryBytes = MemoryBytes(checkpoint, config),
            KvBytesPerToken = 2L * model.LayerCount * model.KeyValueHeads * model.HeadSize * sizeof(float) * streams.CachedStreams,
            Layers = model.LayerCount,
            Hidden = model.HiddenSize,
            Intermediate = model.IntermediateSize,
            Heads = model.AttentionHeads,
            KvHeads = model.KeyValueHeads,
            HeadSize = model.HeadSize,
            Vocabulary = model.VocabularySize,
            PrefixTokens = streams.PrefixTokens,
            Context = model.MaxPositions,
            TiedHead = model.TieWordEmbeddings,
            Dtype = config.QuantizedType is { } type ? QuantizedFolder.Name(type) : config.StoredType,
            Tokenizer = tokenizer is null ? null : Describe(tokenizer),
            Notices = [.. checkpoint.Notices, .. tokenizer?.Notices ?? []],
        };
    }

    // A quantised folder runs in its own type alone; the others say what its source takes.
    private static Dictionary<string, long> MemoryBytes(Checkpoint checkpoint, CheckpointConfig config)
    {
        TensorType Stored(string name) => checkpoint.Get(name).Info.Type;
        return new Dictionary<string, long>
        {
            ["f32"] = config.Parameters * sizeof(float),
            ["bf16"] = config.Parameters * sizeof(ushort),
            ["q8"] = MatrixTypes.Bytes(config, WeightDtype.Q8, Stored),
            ["q4"] = MatrixTypes.Bytes(config, WeightDtype.Q4, Stored),
        };
    }

    private static TokenizerSummary Describe(Tokenizer tokenizer)
    {
        IReadOnlyList<string> problems = tokenizer.SelfTest();
        string result = problems.Count == 0 ? "ok" : $"failed: {string.Join("; ", problems)}";
        return new TokenizerSummary(tokenizer.VocabularySize, tokenizer.Fingerprint, result);
    }

    private static void WriteText(InspectResult model, TextWriter output)
    {
        void Line(string name, FormattableString value) => output.WriteLine($"{name,-14}{value.ToString(CultureInfo.InvariantCulture)}");

        ParameterCounts counts = model.Parameters;
        Line("architecture", $"{model.Architecture}, of the family {model.Family}, which is supported");
        Line("parameters", $"{counts.Total:N0} = core {counts.Core:N0} + prefix {counts.Prefix:N0} + aggregator {counts.Aggregator:N0}");
        if (counts.Idle > 0) Line("active", $"{counts.Active:N0} for a token; {counts.Idle:N0} of experts that it does not choose");
        Line("embedding", $"{counts.Embedding:N0} of them; {counts.NonEmbedding:N0} others");
        Line("streams", $"{model.Streams}, {model.PrefixTokens} prefix tokens each");
        Line("shape", $"{model.Layers} layers, hidden {model.Hidden}, intermediate {model.Intermediate}, {model.Heads} heads of {model.HeadSize}, {model.KvHeads} kv heads");
        Line("vocabulary", $"{model.Vocabulary}, head {(model.TiedHead ? "tied" : "separate")}");
        foreach (string line in model.Description) Line("computes", $"{line}");
        Line("context", $"{model.Context} tokens");
        foreach ((string dtype, long bytes) in model.MemoryBytes) Line($"weights {dtype}", $"{bytes:N0} bytes");
        Line("kv cache", $"{model.KvBytesPerToken:N0} bytes per token");
        if (model.Tokenizer is { } tokenizer)
            Line("tokenizer", $"{tokenizer.Vocabulary} ids, self-test {tokenizer.SelfTest}, sha256 {tokenizer.Fingerprint}");
        else Line("tokenizer", $"none: only token ids can be used");
        foreach (string notice in model.Notices) Line("note", $"{notice}");
    }
}
