namespace ParScale;

/// <summary>How well a model predicts a text.</summary>
/// <param name="TotalNll">Sum of -log p over the predicted tokens, in nats.</param>
/// <param name="Tokens">Tokens predicted: all but the first.</param>
public sealed record ScoreResult(double TotalNll, long Tokens)
{
    /// <summary>Nats per predicted token.</summary>
    public double MeanNll => TotalNll / Tokens;

    /// <summary>exp of the mean.</summary>
    public double Perplexity => Math.Exp(MeanNll);
}
