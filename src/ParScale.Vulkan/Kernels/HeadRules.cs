using ParScale.Configuration;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Kernels;

/// <summary>What happens to queries and keys between their projections and attention, in this order: norm, clip, rotation.</summary>
internal sealed record HeadRules
{
    /// <summary>What is normalized.</summary>
    public QueryKeyNorm Norm { get; init; }

    /// <summary>The weights of that norm: those of queries, then those of keys. Null without one.</summary>
    public DeviceBuffer? NormWeights { get; init; }

    /// <summary>The epsilon under its root.</summary>
    public float Epsilon { get; init; }

    /// <summary>Queries, keys and values are cut to plus and minus this; 0: not at all.</summary>
    public float Clip { get; init; }

    /// <summary>[tokens, <see cref="Half"/>], with the rotation's magnitude; null where nothing turns.</summary>
    public DeviceBuffer? Cosine { get; init; }

    /// <summary>The same of sines.</summary>
    public DeviceBuffer? Sine { get; init; }

    /// <summary>Half of how many numbers of a head turn; 0: none.</summary>
    public int Half { get; init; }
}
