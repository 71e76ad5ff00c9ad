using ParScale.Checkpoints;
using ParScale.Generation;

namespace ParScale.TestSupport;

/// <summary>Routers beside the weights of models with random weights.</summary>
public static class GateFiles
{
    /// <summary>Of the figures S, S^2, p1 and p1 - p2 that a router looks at.</summary>
    public static IReadOnlyList<double> Weights { get; } = [0.02, -0.001, -0.11, 0.04];

    /// <summary>The constant beside them.</summary>
    public const double Intercept = 0.007;

    /// <summary>The first and the last of the quantiles; those between lie on a line.</summary>
    public static (double Least, double Most) Range { get; } = (-0.06, 0.07);

    /// <summary>Writes a router for every given number of streams.</summary>
    public static void Write(string folder, params int[] streams)
    {
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        double[] quantiles = [.. Enumerable.Range(0, StreamRouter.Levels).Select(i => Range.Least + (Range.Most - Range.Least) * i / (StreamRouter.Levels - 1))];
        StreamGateFile.Write(folder, checkpoint, streams.Select(count => new StreamRouter(count, Intercept, Weights, quantiles)));
    }
}
