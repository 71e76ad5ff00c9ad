namespace ParScale.Generation;

/// <summary>A token and the natural logarithm of its probability.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="LogProb">ln p, at most 0.</param>
public readonly record struct TokenLogProb(int TokenId, double LogProb);
