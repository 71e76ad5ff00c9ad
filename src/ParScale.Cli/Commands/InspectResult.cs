using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Inspection;
using ParScale.Kernels.Formats;
using ParScale.Model;
using ParScale.Quantization;

namespace ParScale.Cli.Commands;

/// <summary>
/// The JSON of <c>parscale inspect</c>. What describes a model is null where the config does not describe one that is supported.
/// </summary>
internal sealed record InspectResult
{
    /// <summary>What was given is, in words.</summary>
    public required string What { get; init; }

    /// <summary>Whether all of it is supported.</summary>
    public required bool Supported { get; init; }

    /// <summary>All that is not.</summary>
    public required IReadOnlyList<UnsupportedPart> Unsupported { get; init; }

    /// <summary>The class that the config names, of whatever family.</summary>
    public string? Architecture { get; init; }

    /// <summary><c>model_type</c> of the plain model.</summary>
    public string? Family { get; init; }

    /// <summary>What it computes that not every model does, one line each.</summary>
    public IReadOnlyList<string>? Description { get; init; }

    public ParameterCounts? Parameters { get; init; }

    /// <summary>Parallel streams P.</summary>
    public int? Streams { get; init; }

    /// <summary>Bytes of the weights in memory, for each dtype that it can run in.</summary>
    public IReadOnlyDictionary<string, long>? MemoryBytes { get; init; }

    /// <summary>Bytes of keys and values per token of context: all layers and streams, float32.</summary>
    public long? KvBytesPerToken { get; init; }

    public int? Layers { get; init; }

    public int? Hidden { get; init; }

    public int? Intermediate { get; init; }

    public int? Heads { get; init; }

    public int? KvHeads { get; init; }

    public int? HeadSize { get; init; }

    public int? Vocabulary { get; init; }

    /// <summary>Learned key and value slots in front of each stream's cache.</summary>
    public int? PrefixTokens { get; init; }

    /// <summary>Whether stream 0 is the plain model, whose cache the others read.</summary>
    public bool? Anchored { get; init; }

    /// <summary>Most positions, tokens.</summary>
    public int? Context { get; init; }

    public bool? TiedHead { get; init; }

    /// <summary>q8 or q4 of a quantised folder; else the dtype that the config names, though the files may hold another.</summary>
    public string? Dtype { get; init; }

    /// <summary>The weight files that could be opened; null without any.</summary>
    public StoredWeights? Files { get; init; }

    /// <summary>Null when there is none, or it is not supported.</summary>
    public TokenizerSummary? Tokenizer { get; init; }

    /// <summary>Null when there is none, or it cannot be read.</summary>
    public TemplateSummary? ChatTemplate { get; init; }

    /// <summary>As the card names it.</summary>
    public string? Licence { get; init; }

    /// <summary>The model that this one was made from, as the card names it.</summary>
    public string? BaseModel { get; init; }

    public required IReadOnlyList<string> Notices { get; init; }

    /// <summary>The result of an inspection.</summary>
    /// <param name="inspection">What was found.</param>
    /// <param name="config">Its config, with the number of streams that was asked for.</param>
    public static InspectResult Of(ModelInspection inspection, CheckpointConfig? config)
    {
        var found = new InspectResult
        {
            What = inspection.What,
            Supported = inspection.Unsupported.Count == 0,
            Unsupported = [.. inspection.Unsupported.Select(thing => new UnsupportedPart(thing.Part, thing.Fault.Error.Code, thing.Fault.Message))],
            Architecture = config?.Architecture ?? inspection.Raw?.Architecture,
            Files = inspection.Weights,
            Tokenizer = inspection.Tokenizer is { } tokenizer ? TokenizerSummary.Of(tokenizer) : null,
            ChatTemplate = inspection.Templates is { } templates
                ? new TemplateSummary(Path.GetFileName(templates.File), [.. templates.Sources.Keys.Order(StringComparer.Ordinal).Select(ParScaleException.Escape)]) : null,
            Licence = inspection.Card.Licence,
            BaseModel = inspection.Card.BaseModel,
            Notices = inspection.Notices,
        };
        if (config is null) return found;
        (ModelConfig model, StreamConfig streams) = (config.Model, config.Streams);
        return found with
        {
            Family = model.Family,
            Description = ModelDescription.Of(model),
            Parameters = ParameterCounts.Of(config),
            Streams = streams.Count,
            MemoryBytes = Memory(config, inspection.Checkpoint),
            KvBytesPerToken = KvCache.BytesFor(model, streams.CachedStreams, KvCache.DefaultType(config.QuantizedType ?? WeightDtype.F32), RoundTokens) / RoundTokens,
            Layers = model.LayerCount,
            Hidden = model.HiddenSize,
            Intermediate = model.IntermediateSize,
            Heads = model.AttentionHeads,
            KvHeads = model.KeyValueHeads,
            HeadSize = model.HeadSize,
            Vocabulary = model.VocabularySize,
            PrefixTokens = streams.PrefixTokens,
            Anchored = streams.Anchored,
            Context = model.MaxPositions,
            TiedHead = model.TieWordEmbeddings,
            Dtype = config.QuantizedType is { } type ? QuantizedFolder.Name(type) : config.StoredType,
        };
    }

    // Caches have room for whole pieces of tokens.
    private const int RoundTokens = 1024;

    // A quantised folder runs in its own type alone. Tensors that are not there count as bf16.
    private static Dictionary<string, long> Memory(CheckpointConfig config, Checkpoint? checkpoint)
    {
        TensorType Stored(string name) => checkpoint is not null && checkpoint.Contains(name) ? checkpoint.Get(name).Info.Type : TensorType.BF16;
        WeightDtype[] types = config.QuantizedType is { } own ? [own] : Enum.GetValues<WeightDtype>();
        return types.ToDictionary(QuantizedFolder.Name, type => MatrixTypes.Bytes(config, type, Stored));
    }
}

/// <summary>Something that is not supported.</summary>
/// <param name="Part">Where: <c>folder</c>, <c>config</c>, <c>weights</c>, <c>tokenizer</c> or <c>chat template</c>.</param>
/// <param name="Code">The id in the guide to errors.</param>
/// <param name="Message">What, why, and what to do.</param>
internal sealed record UnsupportedPart(string Part, string Code, string Message);

/// <summary>The tokenizer in short.</summary>
/// <param name="Kind">How words begin, such as <c>byte-level BPE</c>.</param>
/// <param name="Vocabulary">Highest id + 1.</param>
/// <param name="Fingerprint">SHA-256 over vocabulary, merges and added tokens; differs when any of them was changed.</param>
/// <param name="SelfTest"><c>ok</c>, or <c>failed: </c> and the signs of tampering that were found.</param>
internal sealed record TokenizerSummary(string Kind, int Vocabulary, string Fingerprint, string SelfTest)
{
    /// <summary>That of a tokenizer.</summary>
    public static TokenizerSummary Of(Text.Tokenizer tokenizer)
    {
        IReadOnlyList<string> problems = tokenizer.SelfTest();
        return new TokenizerSummary(tokenizer.Kind, tokenizer.VocabularySize, tokenizer.Fingerprint, problems.Count == 0 ? "ok" : $"failed: {string.Join("; ", problems)}");
    }
}

/// <summary>The chat templates in short.</summary>
/// <param name="File">Where they are.</param>
/// <param name="Names">Their names.</param>
internal sealed record TemplateSummary(string File, IReadOnlyList<string> Names);
