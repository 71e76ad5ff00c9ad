using ParScale.Kernels.Formats;
using ParScale.ScalingLaws.Cost;

namespace ParScale.ScalingLaws.Plan;

/// <summary>One model that was considered.</summary>
public sealed record PlanChoice
{
    /// <summary>What it is and does.</summary>
    public required CostQuery Query { get; init; }

    /// <summary>Predicted loss, nats per token, rounding of the weights included.</summary>
    public required double Loss { get; init; }

    /// <summary>Bytes at full context.</summary>
    public required double MemoryBytes { get; init; }

    /// <summary>Seconds of a decode step at full context.</summary>
    public required double DecodeSeconds { get; init; }

    /// <summary>Seconds until the prompt is read.</summary>
    public required double PrefillSeconds { get; init; }

    /// <summary>Size, without streams.</summary>
    public ModelShape Shape => Query.Shape;

    /// <summary>P.</summary>
    public int Streams => Query.Streams;

    /// <summary>Storage of the weights.</summary>
    public WeightDtype Weights => Query.Weights;

    /// <summary>N without prefixes and aggregator.</summary>
    public double PlainParameters => Shape.NonEmbeddingParameters(1);

    /// <summary>Whether the law was never fitted to such a model.</summary>
    public required bool IsExtrapolated { get; init; }

    /// <summary>Whether another model is at least as good in loss, memory and time, and better in one of them.</summary>
    internal bool IsBeatenBy(PlanChoice other) =>
        other.Loss <= Loss && other.MemoryBytes <= MemoryBytes && other.DecodeSeconds <= DecodeSeconds
        && (other.Loss < Loss || other.MemoryBytes < MemoryBytes || other.DecodeSeconds < DecodeSeconds);
}
