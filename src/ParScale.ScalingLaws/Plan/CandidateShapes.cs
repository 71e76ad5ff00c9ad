using ParScale.ScalingLaws.Cost;

namespace ParScale.ScalingLaws.Plan;

/// <summary>The sizes that a plan considers: the published ones, and others between and beyond them that one would have to train.</summary>
public static class CandidateShapes
{
    // Four sizes to each doubling: finer than anybody chooses.
    private const double Smallest = 0.25e9, Largest = 16e9, Doublings = 6, PerDoubling = 4;

    /// <summary>All sizes, smallest first.</summary>
    public static IReadOnlyList<ModelShape> All { get; } = Create();

    private static ModelShape[] Create()
    {
        IEnumerable<ModelShape> others = Enumerable.Range(0, (int)(Doublings * PerDoubling) + 1)
            .Select(step => Smallest * Math.Pow(Largest / Smallest, step / (Doublings * PerDoubling)))
            .Where(n => PublishedShapes.All.All(shape => Math.Abs(Math.Log2(shape.NonEmbeddingParameters(1) / n)) > 0.5 / PerDoubling))
            .Select(PublishedShapes.WithParameters);
        return [.. PublishedShapes.All.Concat(others).OrderBy(shape => shape.NonEmbeddingParameters(1))];
    }
}
