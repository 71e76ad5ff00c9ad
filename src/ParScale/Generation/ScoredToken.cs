namespace ParScale.Generation;

/// <summary>A token and its score.</summary>
internal readonly record struct ScoredToken(float Score, int Token);

/// <summary>
/// What a sampler does to the score of a token, in this order: divided by <paramref name="Repetition"/> when above zero, else multiplied with it;
/// less <paramref name="Penalty"/>; plus <paramref name="Bias"/>.
/// </summary>
internal readonly record struct ScoreChange(int Token, float Repetition, float Penalty, float Bias);
