using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;

namespace ParScale.Training.Conversion;

/// <summary>The first P' streams of an elastic checkpoint as bytes of a checkpoint of their own.</summary>
internal static class Slicer
{
    /// <summary>What to write for the tensor <paramref name="info"/> of P streams: that of its first <paramref name="count"/>, of the same type.</summary>
    /// <remarks>
    /// W1 keeps the columns h * P + p with p &lt; P', in the order h * P' + p; of everything else that streams have, the first axis is P, of an anchored model's prefixes P - 1.
    /// </remarks>
    public static TensorToWrite Cut(SafetensorsFile file, TensorInfo info, long[] shape, int streams, int count)
    {
        // The first axis has gone from one number of streams to another, or of helpers.
        if (info.Name != ModelTensors.AggregatorName) return new TensorToWrite(info.Name, info.Type, shape, stream => stream.Write(file.Bytes(info)[..(int)(info.ByteLength / info.Shape[0] * shape[0])]));
        return new TensorToWrite(info.Name, info.Type, shape, stream =>
        {
            int size = info.Type.ByteSize();
            for (long at = 0; at < info.ByteLength; at += (long)streams * size) stream.Write(file.Bytes(info, at, count * size));
        });
    }

    /// <summary>Whether a tensor has rows or columns of each stream: all of the streams but the first bias of the aggregator.</summary>
    public static bool IsCut(string name) => ModelTensors.IsOfStreams(name) && !name.EndsWith("aggregate_layer.0.bias", StringComparison.Ordinal);
}
