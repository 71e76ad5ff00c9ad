using ParScale.Kernels.Formats;

namespace ParScale.ScalingLaws.Cost;

/// <summary>One model at one kind of work on one machine.</summary>
public sealed record CostQuery
{
    /// <summary>Sizes of the model.</summary>
    public required ModelShape Shape { get; init; }

    /// <summary>P.</summary>
    public required int Streams { get; init; }

    /// <summary>Storage of the matrices.</summary>
    public required WeightDtype Weights { get; init; }

    /// <summary>Storage of keys and values.</summary>
    public required KvDtype Cache { get; init; }

    /// <summary>What it does.</summary>
    public required Workload Work { get; init; }

    /// <summary>Where it runs.</summary>
    public required Device Device { get; init; }
}
