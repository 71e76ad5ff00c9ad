namespace ParScale.Model;

/// <summary>
/// The likeliest tokens after a wanted token of a pass, in place of all its logits: in falling order, equal ones by token. Valid until the next call of the
/// pass.
/// </summary>
/// <param name="tokens">At most <see cref="Most"/>.</param>
/// <param name="logits">Theirs, the bits that they have among all; the first is NaN where one of the vocabulary is not finite.</param>
/// <param name="isAll">Whether the vocabulary has no others.</param>
/// <param name="ordersTies">Whether others with the last one's logit have higher numbers than it. Not where logits became equal after they were ordered.</param>
internal readonly ref struct Likeliest(ReadOnlySpan<int> tokens, ReadOnlySpan<float> logits, bool isAll, bool ordersTies)
{
    /// <summary>Most tokens that are given.</summary>
    public const int Most = 64;

    /// <summary>The tokens; none where a pass gives all logits instead.</summary>
    public ReadOnlySpan<int> Tokens { get; } = tokens;

    /// <summary>Their logits.</summary>
    public ReadOnlySpan<float> Logits { get; } = logits;

    /// <summary>Whether all logits of the vocabulary are finite.</summary>
    public bool AllFinite => float.IsFinite(Logits[0]);

    /// <summary>
    /// Whether a token with this score stands before all that are not given, in falling order and equal ones by token, when the scores of those are at most
    /// their logits.
    /// </summary>
    public bool Leads(float score, int token) => isAll || score > Logits[^1] || (ordersTies && score == Logits[^1] && token <= Tokens[^1]);
}
