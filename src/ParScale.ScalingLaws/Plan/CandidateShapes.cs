using ParScale.ScalingLaws.Cost;

namespace ParScale.ScalingLaws.Plan;

/// <summary>The sizes that a plan considers: the published ones, and others between and beyond them that one would have to train.</summary>
public static class CandidateShapes
{
    // Four sizes to each doubling: finer than anybody chooses.
    private const double Smallest = 0.25e9, Largest = 16e9, Doublings = 6, PerDoubling = 4;

    /// <summary>Least and most parameters of the models that the law was fitted to, without the embedding.</summary>
    public const double LeastFitted = 535_813_376, MostFitted = 4_353_203_200;

    /// <summary>Most streams of the models that the law was fitted to.</summary>
    public const int MostFittedStreams = 8;

    /// <summary>All sizes, smallest first.</summary>
    public static IReadOnlyList<ModelShape> All { get; } = Create();

    /// <summary>Whether the law was never fitted so far out.</summary>
    public static bool IsExtrapolated(double plainParameters, int streams) =>
        plainParameters < LeastFitted || plainParameters > MostFitted || streams > MostFittedStreams;

    private static ModelShape[] Create()
    {
        IEnumerable<ModelShape> others = Enumerable.Range(0, (int)(Doublings * PerDoubling) + 1)
            .Select(step => Smallest * Math.Pow(Largest / Smallest, step / (Doublings * PerDoubling)))
            .Where(n => PublishedShapes.All.All(shape => Math.Abs(Math.Log2(shape.NonEmbeddingParameters(1) / n)) > 0.5 / PerDoubling))
            .Select(PublishedShapes.WithParameters);
        return [.. PublishedShapes.All.Concat(others).OrderBy(shape => shape.NonEmbeddingParameters(1))];
    }
}
