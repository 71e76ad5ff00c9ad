namespace ParScale.Training.Runs;

/// <summary>Mean negative log-likelihood in nats, per token and per UTF-16 character of the text.</summary>
internal sealed record ValidationLoss(double PerToken, double PerCharacter);
