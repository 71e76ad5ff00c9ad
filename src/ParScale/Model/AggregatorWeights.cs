using ParScale.Kernels.Memory;

namespace ParScale.Model;

/// <summary>The small head that weighs the P streams of each token: z = W2 silu(W1 u + b1) + b2.</summary>
internal sealed class AggregatorWeights
{
    /// <summary>W1 [H, H*P], its inputs in hidden-major order h*P + p.</summary>
    public required WeightMatrix Inner { get; init; }

    /// <summary>b1 [H]</summary>
    public required float[] InnerBias { get; init; }

    /// <summary>W2 [P, H]</summary>
    public required WeightMatrix Outer { get; init; }

    /// <summary>b2 [P]</summary>
    public required float[] OuterBias { get; init; }

    public static AggregatorWeights Load(IWeightSource source) => new()
    {
        Inner = source.Matrix("model.aggregate_layer.0.weight"),
        InnerBias = source.Vector("model.aggregate_layer.0.bias"),
        Outer = source.Matrix("model.aggregate_layer.2.weight"),
        OuterBias = source.Vector("model.aggregate_layer.2.bias"),
    };
}
