using ParScale.Checkpoints;
using ParScale.Configuration.Rotations;

namespace ParScale.Configuration;

/// <summary>
/// A plain decoder of any family: its sizes, each checked against its range, and what each layer computes. All that runs, trains or
/// counts a model follows this description and knows no families. What P streams add to it is a <see cref="StreamConfig"/>.
/// </summary>
public sealed record ModelConfig
{
    private readonly ValueList<LayerConfig> _layers = new([]);

    /// <summary>The <c>model_type</c> of the plain model: whose keys and tensor names its files have.</summary>
    public string Family { get; init; } = "qwen2";

    /// <summary>H, the width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>The layers, the first one first; at least one.</summary>
    public required IReadOnlyList<LayerConfig> Layers
    {
        get => _layers;
        init => _layers = value as ValueList<LayerConfig> ?? new ValueList<LayerConfig>(value);
    }

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

    /// <summary>Whether the LM head is the embedding.</summary>
    public required bool TieWordEmbeddings { get; init; }

    /// <summary>What embeddings are multiplied with; a tied head takes them as they are.</summary>
    public double EmbeddingMultiplier { get; init; } = 1;

    /// <summary>Whether that factor is first rounded to the type in which the embedding is stored.</summary>
    public bool RoundsEmbeddingMultiplier { get; init; }

    /// <summary>What a block's result is multiplied with before it is added; only where the norms stand before the blocks.</summary>
    public double ResidualMultiplier { get; init; } = 1;

    /// <summary>What logits are divided by.</summary>
    public double LogitsDivisor { get; init; } = 1;

    /// <summary>c of logit = c tanh(logit / c), after the division; null: none.</summary>
    public double? LogitsSoftCap { get; init; }

    /// <summary>What is added to the stored weights of every norm: 1 where files hold w of (1 + w).</summary>
    public double NormOffset { get; init; }

    /// <summary>Whether files hold the projections to queries, keys and values in one tensor, and gate and up in another.</summary>
    public bool FusedProjections { get; init; }

    /// <summary>How the experts are named in float files, where there are some; an opened checkpoint has what its files hold.</summary>
    public ExpertTensors ExpertTensors { get; init; }

    /// <summary>Ids that end a text, from <c>generation_config.json</c> when it has them, else <c>config.json</c>; may be empty.</summary>
    public IReadOnlyList<int> EndOfTextIds { get; init; } = [];

    /// <summary>The id that begins a text, if the model has one.</summary>
    public int? BeginOfTextId { get; init; }

    /// <summary>L, the number of layers.</summary>
    public int LayerCount => Layers.Count;

    /// <summary>The width of the widest dense feed-forward block; where all consist of experts, of an expert.</summary>
    public int IntermediateSize => Layers.Where(layer => layer.FeedForward.Experts is null).DefaultIfEmpty(Layers[0]).Max(layer => layer.FeedForward.Width);

    /// <summary>All parameters; a tied head counts once.</summary>
    public long Parameters => ParameterCounts.Of(this, StreamConfig.Plain).Total;

    /// <summary>What an empty prompt begins with, where a text of the training data would: begin of text, else end of text; null without either.</summary>
    internal int? FirstToken => BeginOfTextId ?? (EndOfTextIds.Count > 0 ? EndOfTextIds[0] : null);

    /// <summary>The different rotations of the layers, in order of appearance.</summary>
    internal IEnumerable<Rotation> Rotations => Layers.Select(layer => layer.Attention.Rotation).OfType<Rotation>().Distinct();

    /// <summary>The base of RoPE's frequencies in the first layer that turns; 0 when none does.</summary>
    internal double RopeTheta => Rotations.FirstOrDefault()?.Theta ?? 0;
}
