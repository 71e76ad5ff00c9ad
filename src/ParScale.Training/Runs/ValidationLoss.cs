namespace ParScale.Training.Runs;

/// <summary>
/// Mean negative log-likelihood in nats, per predicted token and per predicted code point of the text; and, with P &gt; 1, what
/// the streams did.
/// </summary>
internal sealed record ValidationLoss(double PerToken, double PerCharacter, StreamReport? Streams = null);
