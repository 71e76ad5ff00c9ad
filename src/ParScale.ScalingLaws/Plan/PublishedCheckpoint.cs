using ParScale.Kernels.Formats;
using ParScale.ScalingLaws.Cost;

namespace ParScale.ScalingLaws.Plan;

/// <summary>One published checkpoint.</summary>
/// <param name="Name">On the hub: <c>ParScale/ParScale-1.8B-P4</c>.</param>
/// <param name="Shape">Its size, without streams.</param>
/// <param name="Streams">P.</param>
/// <param name="Training">What it was trained on, in a few words.</param>
public sealed record PublishedCheckpoint(string Name, ModelShape Shape, int Streams, string Training)
{
    // The files are float32, although their configs say bfloat16: seen in the sizes of those that were looked at.
    private const double FileBytesPerParameter = sizeof(float);

    /// <summary>Bytes of its weights on the hub.</summary>
    public double DownloadBytes => Shape.TotalParameters(Streams) * FileBytesPerParameter;

    /// <summary>Bytes in memory when its weights are <paramref name="weights"/>, with one sequence of <paramref name="context"/> tokens.</summary>
    /// <param name="weights">Storage of the matrices.</param>
    /// <param name="device">Where it runs; only what it says about memory counts.</param>
    /// <param name="context">Tokens, at least 2.</param>
    public double MemoryBytes(WeightDtype weights, Device device, int context) => CostModel.Memory(new CostQuery
    {
        Shape = Shape,
        Streams = Streams,
        Weights = weights,
        Cache = WeightFormats.DefaultCache(weights),
        Work = new Workload(1, context - 1, 1),
        Device = device,
    }).Total;
}
