namespace ParScale.ScalingLaws.Law;

/// <summary>One trained model and the loss it reached.</summary>
/// <param name="N">Parameters without the embedding, and with prefixes and aggregator; finite and above 0.</param>
/// <param name="P">Parallel streams, 1 or more.</param>
/// <param name="Loss">Nats per token; finite and above 0.</param>
public readonly record struct LossPoint(double N, int P, double Loss);
