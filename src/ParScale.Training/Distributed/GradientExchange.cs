using System.Globalization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Distributed;

/// <summary>
/// Adds up the gradients of all processes, in buckets, each as soon as the backward pass has completed it, so that messages travel
/// while the layers below are computed. Every process ends with the same sums to the last bit.
/// </summary>
internal sealed class GradientExchange : IDisposable
{
    /// <summary>Large enough that the latency of a message is small beside its time, small enough that there are several.</summary>
    private const long BucketBytes = 4 << 20;

    private const int AboveLayers = int.MaxValue;
    private const int BelowLayers = -1;
    private readonly GradientBucket[] _buckets;

    /// <summary>Takes over the gradients of all that is trained; they start at 0, and must be set to 0, never removed, after a step.</summary>
    public GradientExchange(ProcessGroup group, IEnumerable<(string Name, Parameter Parameter)> parameters, long bucketBytes = BucketBytes)
    {
        var buckets = new List<GradientBucket>();
        var next = new List<Parameter>();
        long bytes = 0;
        int lowest = AboveLayers;
        void Close()
        {
            if (next.Count > 0) buckets.Add(new GradientBucket(group, next, lowest));
            next = [];
            bytes = 0;
        }
        foreach ((string name, Parameter parameter) in parameters.OrderByDescending(entry => LayerOf(entry.Name)))
        {
            if (bytes + parameter.numel() * sizeof(float) > bucketBytes) Close();
            next.Add(parameter);
            bytes += parameter.numel() * sizeof(float);
            lowest = LayerOf(name);
        }
        Close();
        _buckets = [.. buckets];
    }

    /// <summary>The number of buckets.</summary>
    public int Count => _buckets.Length;

    /// <summary>The gradients of layer <paramref name="layer"/>, and of all that follows it, are complete.</summary>
    public void LayersDone(int layer)
    {
        using var noGradient = no_grad();
        foreach (GradientBucket bucket in _buckets.TakeWhile(bucket => bucket.LowestLayer >= layer)) bucket.StartOrAdvance();
    }

    /// <summary>All gradients are complete: waits until they are those of all processes.</summary>
    public void Finish()
    {
        using var noGradient = no_grad();
        LayersDone(BelowLayers);
        foreach (GradientBucket bucket in _buckets) bucket.Finish();
    }

    public void Dispose()
    {
        foreach (GradientBucket bucket in _buckets) bucket.Dispose();
    }

    /// <summary>The embedding, tied to the head or not, is complete last; norm, aggregator and head before all layers.</summary>
    internal static int LayerOf(string name)
    {
        string[] parts = name.Split('.');
        int at = Array.IndexOf(parts, "layers");
        if (at >= 0) return int.Parse(parts[at + 1], NumberStyles.None, CultureInfo.InvariantCulture);
        return name.Contains("embed_tokens", StringComparison.Ordinal) ? BelowLayers : AboveLayers;
    }
}
