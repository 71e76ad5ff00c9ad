using ParScale.Generation;

namespace ParScale;

/// <summary>How well a model predicts a text.</summary>
/// <param name="TotalNll">Sum of -log p over the predicted tokens, in nats.</param>
/// <param name="Tokens">Tokens predicted: all but the first.</param>
public sealed record ScoreResult(double TotalNll, long Tokens)
{
    /// <summary>What the model expected in place of each token but the first, when <see cref="ScoreOptions.TopLogProbs"/> asks for it.</summary>
    public IReadOnlyList<PredictedToken>? Predictions { get; init; }

    /// <summary>Nats per predicted token.</summary>
    public double MeanNll => TotalNll / Tokens;

    /// <summary>exp of the mean.</summary>
    public double Perplexity => Math.Exp(MeanNll);
}
