using ParScale.ScalingLaws.Plan;

namespace ParScale.Cli.Planning;

/// <summary>One model of a plan.</summary>
internal sealed record PlanRow
{
    public required string Model { get; init; }

    public required int Streams { get; init; }

    public required string Dtype { get; init; }

    /// <summary>N of the law: without the embedding, with prefixes and aggregator.</summary>
    public required double Parameters { get; init; }

    public required double Loss { get; init; }

    public required double MemoryBytes { get; init; }

    public required double DecodeMs { get; init; }

    public required double FirstTokenMs { get; init; }

    /// <summary>The law was never fitted so far out.</summary>
    public required bool Extrapolated { get; init; }

    /// <summary>There is a checkpoint of it.</summary>
    public required bool Published { get; init; }

    public static PlanRow Of(PlanChoice choice) => new()
    {
        Model = choice.Shape.Name,
        Streams = choice.Streams,
        Dtype = Figures.Format(choice.Weights),
        Parameters = choice.Shape.NonEmbeddingParameters(choice.Streams),
        Loss = choice.Loss,
        MemoryBytes = choice.MemoryBytes,
        DecodeMs = choice.DecodeSeconds * 1e3,
        FirstTokenMs = choice.PrefillSeconds * 1e3,
        Extrapolated = choice.IsExtrapolated,
        Published = PublishedCheckpoints.Has(choice),
    };
}
