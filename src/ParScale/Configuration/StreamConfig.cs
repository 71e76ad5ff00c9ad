namespace ParScale.Configuration;

/// <summary>What makes P streams of a plain decoder, as numbers: a <see cref="ModelConfig"/> and one of these describe a ParScale model.</summary>
/// <param name="Count">P, the parallel streams; 1 is the plain model.</param>
/// <param name="PrefixTokens">Learned slots before each stream's keys and values; 0 when P = 1.</param>
/// <param name="Smoothing">eps of w (1 - eps) + eps / P in the aggregation.</param>
public sealed record StreamConfig(int Count, int PrefixTokens, double Smoothing)
{
    /// <summary>The smoothing that the published class uses when <c>parscale_attn_smooth</c> is absent.</summary>
    public const double DefaultSmoothing = 0.01;

    /// <summary>
    /// The numbers of streams, in order, that the checkpoint was trained to run with, its first ones alone; empty when only with all.
    /// </summary>
    public IReadOnlyList<int> Elastic { get; init; } = [];

    /// <summary>
    /// Whether stream 0, the anchor, is the plain model: without a prefix, and with the only keys and values that are kept. The others, its
    /// helpers, see those of the tokens before theirs, and can be left out at any token.
    /// </summary>
    public bool Anchored { get; init; }

    /// <summary>Streams with a prefix of their own; an anchor has none.</summary>
    public int Prefixes => Count == 1 ? 0 : Anchored ? Count - 1 : Count;

    /// <summary>Streams whose keys and values are kept.</summary>
    public int CachedStreams => Anchored ? 1 : Count;

    /// <summary>Whether streams can be left out at a token, where the plain model runs in their place: an anchored model's, or those of an elastic one trained for 1 too.</summary>
    internal bool CanRest => Count > 1 && (Anchored || Elastic.Contains(1));

    /// <summary>One stream: neither prefix nor aggregator.</summary>
    public static StreamConfig Plain { get; } = new(1, 0, DefaultSmoothing);
}
