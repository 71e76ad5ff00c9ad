namespace ParScale.ScalingLaws.Law;

/// <summary>How well a form, fitted to part of the points, predicts the others.</summary>
/// <param name="What">What was left out, in words.</param>
/// <param name="Points">How many points that is.</param>
/// <param name="RmsError">Root of the mean squared error there, nats per token.</param>
/// <param name="WorstError">The largest error there, without its sign, nats per token.</param>
public sealed record HeldOut(string What, int Points, double RmsError, double WorstError);
