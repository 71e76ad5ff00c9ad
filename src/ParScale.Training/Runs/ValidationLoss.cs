namespace ParScale.Training.Runs;

/// <summary>Mean negative log-likelihood in nats, per predicted token and per predicted code point of the text.</summary>
internal sealed record ValidationLoss(double PerToken, double PerCharacter);
