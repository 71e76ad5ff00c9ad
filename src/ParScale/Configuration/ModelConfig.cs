using ParScale.Checkpoints;

namespace ParScale.Configuration;

/// <summary>
/// The numbers of a plain decoder, as <c>config.json</c> gives them, each checked against its range. What P streams add to it is a
/// <see cref="StreamConfig"/>.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>H, the width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>The width of the MLP's gate and up projections.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>L, the number of layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Query heads per layer.</summary>
    public required int AttentionHeads { get; init; }

    /// <summary>Key and value heads per layer; divides <see cref="AttentionHeads"/>.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Numbers per head; even, because RoPE turns pairs.</summary>
    public required int HeadSize { get; init; }

    /// <summary>V, the rows of the embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The longest sequence the model was made for, in tokens.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>The epsilon under RMSNorm's root.</summary>
    public required double RmsNormEpsilon { get; init; }

    /// <summary>The base of RoPE's frequencies.</summary>
    public required double RopeTheta { get; init; }

    /// <summary>Whether the LM head is the embedding.</summary>
    public required bool TieWordEmbeddings { get; init; }

    /// <summary>Ids that end a text, from <c>generation_config.json</c> when it has them, else <c>config.json</c>; may be empty.</summary>
    public IReadOnlyList<int> EndOfTextIds { get; init; } = [];

    /// <summary>The id that begins a text, if the model has one.</summary>
    public int? BeginOfTextId { get; init; }

    /// <summary>What an empty prompt begins with, where a text of the training data would: begin of text, else end of text; null without either.</summary>
    internal int? FirstToken => BeginOfTextId ?? (EndOfTextIds.Count > 0 ? EndOfTextIds[0] : null);

    /// <summary>All parameters; a tied head counts once.</summary>
    public long Parameters => ParameterCounts.Of(this, StreamConfig.Plain).Total;
}
