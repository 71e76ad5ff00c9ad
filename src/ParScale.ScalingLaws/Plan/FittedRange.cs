using ParScale.ScalingLaws.Cost;

namespace ParScale.ScalingLaws.Plan;

/// <summary>The models that a law was fitted to; beyond them it is a guess.</summary>
/// <param name="Least">Fewest parameters, without the embedding.</param>
/// <param name="Most">Most parameters.</param>
/// <param name="Streams">Most streams.</param>
public sealed record FittedRange(double Least, double Most, int Streams)
{
    // A size is called by its parameters without streams; what those add is no reason to call it out of range.
    private const double Tolerance = 1.02;

    /// <summary>That of the published laws.</summary>
    public static FittedRange Published { get; } = new(PublishedShapes.All[0].NonEmbeddingParameters(1), PublishedShapes.All[^1].NonEmbeddingParameters(1), 8);

    /// <summary>Whether such a model lies within.</summary>
    public bool Holds(double parameters, int streams) => parameters >= Least / Tolerance && parameters <= Most * Tolerance && streams <= Streams;
}
