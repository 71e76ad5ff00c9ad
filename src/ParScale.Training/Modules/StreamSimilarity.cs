using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>How much the final states of the streams point the same way.</summary>
internal static class StreamSimilarity
{
    // A state of zero length has no direction; this only keeps its cosine finite.
    private static readonly Scalar Smallest = 1e-6;

    /// <summary>
    /// cos(x_i, x_j) of every pair i &lt; j of streams at every token: states [P, B, S, H] to [P (P - 1) / 2, B * S], float32
    /// or wider.
    /// </summary>
    public static Tensor Cosines(Tensor states)
    {
        using var scope = NewDisposeScope();
        int streams = (int)states.shape[0];
        Tensor rows = states.AtLeastFloat32().flatten(1, 2);
        Tensor units = rows / rows.Lengths().clamp_min(Smallest);
        Tensor[] pairs = [.. from i in Enumerable.Range(0, streams) from j in Enumerable.Range(i + 1, streams - i - 1)
                             select (units[i] * units[j]).sum(-1)];
        return stack(pairs).MoveToOuterDisposeScope();
    }

    /// <summary>The penalty of <c>--decorrelate</c>: the mean of cos^2 over all pairs and tokens, 0 to 1; 0 when P = 1.</summary>
    public static Tensor Penalty(Tensor states)
    {
        if (states.shape[0] == 1) return zeros([], states.dtype, states.device);
        using var scope = NewDisposeScope();
        return Cosines(states).Squared().mean().MoveToOuterDisposeScope();
    }
}
