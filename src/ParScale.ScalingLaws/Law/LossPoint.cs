namespace ParScale.ScalingLaws.Law;

/// <summary>One trained model and the loss it reached.</summary>
/// <param name="N">Parameters without the embedding, and with prefixes and aggregator; 1 to 1e18.</param>
/// <param name="P">Parallel streams, 1 or more.</param>
/// <param name="Loss">Nats per token; 1e-6 to 1e4.</param>
public readonly record struct LossPoint(double N, int P, double Loss);
