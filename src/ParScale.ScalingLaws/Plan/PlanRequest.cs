using ParScale.Kernels.Formats;
using ParScale.ScalingLaws.Cost;

namespace ParScale.ScalingLaws.Plan;

/// <summary>What is asked of a model, and which models are to be considered.</summary>
public sealed record PlanRequest
{
    /// <summary>Tells the loss.</summary>
    public required ScalingLaw Law { get; init; }

    /// <summary>The models that the law was fitted to.</summary>
    public FittedRange Fitted { get; init; } = FittedRange.Published;

    /// <summary>Where it runs.</summary>
    public required Device Device { get; init; }

    /// <summary>Sequences, and tokens of prompt and output of each. Limits are held to the last of them.</summary>
    public required Workload Work { get; init; }

    /// <summary>Most bytes that the model may need at full context.</summary>
    public required double MemoryLimit { get; init; }

    /// <summary>Most seconds of a decode step at full context; infinite for no limit.</summary>
    public double DecodeLimit { get; init; } = double.PositiveInfinity;

    /// <summary>Most seconds until the prompt is read; infinite for no limit.</summary>
    public double PrefillLimit { get; init; } = double.PositiveInfinity;

    /// <summary>Storage of keys and values; null takes what the engine takes beside the weights: f32 for f32 and bf16, else bf16.</summary>
    public KvDtype? Cache { get; init; }

    /// <summary>Storage of weights to consider.</summary>
    public IReadOnlyList<WeightDtype> Weights { get; init; } = [WeightDtype.Bf16, WeightDtype.Q8, WeightDtype.Q4];

    /// <summary>Numbers of streams to consider.</summary>
    public IReadOnlyList<int> Streams { get; init; } = [1, 2, 4, 8];

    /// <summary>Sizes to consider.</summary>
    public IReadOnlyList<ModelShape> Shapes { get; init; } = CandidateShapes.All;

    /// <summary>What rounding the weights to a format adds to the loss, nats per token.</summary>
    public Func<WeightDtype, double> RoundingLoss { get; init; } = FormatSizes.RoundingLoss;
}
