namespace ParScale.ScalingLaws.Cost;

/// <summary>Bytes that a model needs while it works.</summary>
/// <param name="Weights">All weights but prefixes and aggregator.</param>
/// <param name="Prefixes">The learned prefixes of all streams, which all sequences share, in the format of the cache.</param>
/// <param name="Aggregator">The network that mixes the streams.</param>
/// <param name="Cache">Keys and values of all sequences at full length.</param>
/// <param name="Activations">Scratch memory of one pass.</param>
/// <param name="Runtime">The process itself.</param>
public sealed record MemoryCost(double Weights, double Prefixes, double Aggregator, double Cache, double Activations, double Runtime)
{
    /// <summary>All of it.</summary>
    public double Total => Weights + Prefixes + Aggregator + Cache + Activations + Runtime;
}
