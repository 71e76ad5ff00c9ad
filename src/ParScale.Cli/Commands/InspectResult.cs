using ParScale.Checkpoints;

namespace ParScale.Cli.Commands;

/// <summary>The JSON of <c>parscale inspect</c>.</summary>
internal sealed record InspectResult
{
    public required string Architecture { get; init; }

    /// <summary><c>model_type</c> of the plain model.</summary>
    public required string Family { get; init; }

    /// <summary>What it computes that not every model does, one line each.</summary>
    public required IReadOnlyList<string> Description { get; init; }

    public required ParameterCounts Parameters { get; init; }

    /// <summary>Parallel streams P.</summary>
    public required int Streams { get; init; }

    /// <summary>Bytes of the weights in memory, per dtype.</summary>
    public required IReadOnlyDictionary<string, long> MemoryBytes { get; init; }

    /// <summary>Bytes of keys and values per token of context: all layers and streams, float32.</summary>
    public required long KvBytesPerToken { get; init; }

    public required int Layers { get; init; }

    public required int Hidden { get; init; }

    public required int Intermediate { get; init; }

    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadSize { get; init; }

    public required int Vocabulary { get; init; }

    /// <summary>Learned key and value slots in front of each stream's cache.</summary>
    public required int PrefixTokens { get; init; }

    /// <summary>Most positions, tokens.</summary>
    public required int Context { get; init; }

    public required bool TiedHead { get; init; }

    /// <summary>q8 or q4 of a quantised folder; else the dtype that the config names, though the files may hold another.</summary>
    public required string? Dtype { get; init; }

    /// <summary>Null when the folder has no tokenizer.json.</summary>
    public required TokenizerSummary? Tokenizer { get; init; }

    public required IReadOnlyList<string> Notices { get; init; }
}

/// <summary>The tokenizer in short.</summary>
/// <param name="Vocabulary">Highest id + 1.</param>
/// <param name="Fingerprint">SHA-256 over vocabulary, merges and added tokens; differs when any of them was changed.</param>
/// <param name="SelfTest"><c>ok</c>, or <c>failed: </c> and the signs of tampering that were found.</param>
internal sealed record TokenizerSummary(int Vocabulary, string Fingerprint, string SelfTest);
