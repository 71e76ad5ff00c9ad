using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Kernels.Memory;

namespace ParScale.Model;

/// <summary>The weights of a feed-forward block of experts.</summary>
internal sealed class ExpertWeights
{
    /// <summary>[E, H]; never block-quantized.</summary>
    public required WeightMatrix Router { get; init; }

    /// <summary>E blocks without biases.</summary>
    public required FeedForwardWeights[] Experts { get; init; }

    /// <summary>The block that every row runs through; null without one.</summary>
    public FeedForwardWeights? Shared { get; init; }

    /// <summary>[1, H], of which sigmoid(w x) is what the shared block's result is multiplied with.</summary>
    public WeightMatrix? SharedGate { get; init; }

    /// <summary>The matrices that every row uses.</summary>
    public IEnumerable<WeightMatrix> AlwaysUsed => Shared is null || SharedGate is null ? [Router] : [Router, .. Shared.Matrices, SharedGate];

    /// <summary>Takes a block from a source, by the names of <see cref="ExpertLayerTensors"/>.</summary>
    public static ExpertWeights Load(IWeightSource source, ExpertsConfig config, string prefix) => new()
    {
        Router = source.Matrix(prefix + ExpertLayerTensors.Router),
        Experts = [.. Enumerable.Range(0, config.Count).Select(index => FeedForwardWeights.Load(source, bias: false, prefix + ExpertLayerTensors.Expert(index)))],
        Shared = config.SharedWidth == 0 ? null : FeedForwardWeights.Load(source, bias: false, prefix + ExpertLayerTensors.Shared),
        SharedGate = config.SharedWidth == 0 ? null : source.Matrix(prefix + ExpertLayerTensors.SharedGate),
    };
}
