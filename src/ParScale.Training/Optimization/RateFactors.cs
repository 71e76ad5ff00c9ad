using ParScale.Checkpoints;
using ParScale.Training.Modules;

namespace ParScale.Training.Optimization;

/// <summary>By how much the learning rate of the streams' own parameters differs from that of the backbone, weight decay included.</summary>
/// <param name="Prefixes">The factor for prefixes and prefix MLPs.</param>
/// <param name="Aggregator">The factor for the aggregator.</param>
internal readonly record struct RateFactors(double Prefixes, double Aggregator)
{
    /// <summary>One rate for all.</summary>
    public static RateFactors Even { get; } = new(1, 1);

    /// <summary>The factor for the parameter of this name.</summary>
    public double Of(string name) =>
        ModelTensors.IsPrefix(name) || PrefixMlp.Owns(name) ? Prefixes : ModelTensors.IsOfStreams(name) ? Aggregator : 1;
}
