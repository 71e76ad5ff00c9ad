namespace ParScale.ScalingLaws.Cost;

/// <summary>
/// The sizes of a decoder as the published models have them: grouped-query attention with biases, SwiGLU, RMSNorm, prefixes
/// and an aggregator when P &gt; 1. A mixture of experts has <see cref="IdleParameters"/> beside them.
/// </summary>
public sealed record ModelShape
{
    private readonly double? _vectors, _experts;

    /// <summary>What tables call it.</summary>
    public required string Name { get; init; }

    /// <summary>Layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Hidden size H.</summary>
    public required int Hidden { get; init; }

    /// <summary>Width of the feed-forward part; of a mixture, of all blocks together that one row uses, mean of the layers.</summary>
    public required int Intermediate { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Heads of keys and values.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Numbers in a head.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Whether the head is the embedding.</summary>
    public bool TiedHead { get; init; } = true;

    /// <summary>Learned slots in front of each stream's cache when P &gt; 1.</summary>
    public int PrefixSlots { get; init; } = 48;

    /// <summary>
    /// Whether with P &gt; 1 stream 0 is the plain model, which has no prefix, reads prompts alone and owns the only keys and values; the
    /// others run beside it for the tokens that are generated.
    /// </summary>
    public bool Anchored { get; init; }

    /// <summary>Parameters of the experts that a token does not use; 0 for a dense model. They are held in memory.</summary>
    public double IdleParameters { get; init; }

    /// <summary>
    /// Parameters of all experts, chosen and idle; the rest of the feed-forward part, dense layers and shared blocks, every row uses. All of the
    /// feed-forward part unless given.
    /// </summary>
    public double ExpertParameters
    {
        get => _experts ?? Layers * FeedForwardParameters + IdleParameters;
        init => _experts = value;
    }

    /// <summary>Experts of a layer; 0 for a dense model, or where only parameters are known.</summary>
    public int Experts { get; init; }

    /// <summary>Matrices of one layer's attention.</summary>
    public double AttentionParameters => 2.0 * Hidden * Heads * HeadSize + 2.0 * Hidden * KeyValueHeads * HeadSize;

    /// <summary>Matrices of one layer's feed-forward part that a token uses.</summary>
    public double FeedForwardParameters => 3.0 * Hidden * Intermediate;

    /// <summary>
    /// Norms and biases of all layers and the final norm: those of the published models, with two norms and biases on queries, keys and
    /// values, unless others are given.
    /// </summary>
    public double VectorParameters
    {
        get => _vectors ?? (double)Layers * (2 * Hidden + (Heads + 2 * KeyValueHeads) * HeadSize) + Hidden;
        init => _vectors = value;
    }

    /// <summary>Embedding, and the head when it is separate.</summary>
    public double EmbeddingParameters => (double)Vocabulary * Hidden * (TiedHead ? 1 : 2);

    /// <summary>Share of the experts that one token uses; 1 for a dense model.</summary>
    public double ExpertShare => IdleParameters == 0 ? 1 : 1 - IdleParameters / ExpertParameters;

    /// <summary>Streams of P that have keys and values of their own, and that read prompts: one where it is anchored.</summary>
    public int CachedStreams(int streams) => Anchored ? 1 : streams;

    /// <summary>Streams of P that have a prefix: none when P = 1, and no anchor.</summary>
    public int PrefixedStreams(int streams) => streams == 1 ? 0 : Anchored ? streams - 1 : streams;

    /// <summary>Prefix keys and values of all layers and streams that have them: 2 L P K n D; 0 when P = 1.</summary>
    public double PrefixParameters(int streams) => 2.0 * Layers * PrefixedStreams(streams) * KeyValueHeads * PrefixSlots * HeadSize;

    /// <summary>Both matrices of the aggregator with their biases: P H^2 + H + H P + P; 0 when P = 1.</summary>
    public double AggregatorParameters(int streams) =>
        streams == 1 ? 0 : (double)streams * Hidden * Hidden + Hidden + (double)Hidden * streams + streams;

    /// <summary>N of the law: parameters that a token uses, without the embedding, with prefixes and aggregator.</summary>
    public double NonEmbeddingParameters(int streams) =>
        Layers * (AttentionParameters + FeedForwardParameters) + VectorParameters + PrefixParameters(streams) + AggregatorParameters(streams);

    /// <summary>All parameters in memory, idle experts included.</summary>
    public double TotalParameters(int streams) => NonEmbeddingParameters(streams) + EmbeddingParameters + IdleParameters;

    /// <summary>Share of all experts that at least one of <paramref name="rows"/> tokens uses, when each chooses for itself.</summary>
    public double ExpertsUsed(double rows) => ExpertShare >= 1 ? 1 : 1 - Math.Pow(1 - ExpertShare, rows);

    /// <summary>Parameters that a decode step of <paramref name="rows"/> rows reads: all but the embedding, and of experts those that some row uses.</summary>
    public double ReadParameters(int streams, double rows) =>
        NonEmbeddingParameters(streams) - Layers * FeedForwardParameters + FeedForwardRead(rows) + (double)Vocabulary * Hidden;

    /// <summary>
    /// Parameters of the feed-forward parts that a pass of <paramref name="rows"/> rows reads, a row for each stream of each token: the
    /// experts that some row uses, once, and what every row uses.
    /// </summary>
    public double FeedForwardRead(double rows) => IdleParameters == 0 ? Layers * FeedForwardParameters
        : Layers * FeedForwardParameters + IdleParameters - ExpertParameters * (1 - ExpertsUsed(rows));
}
