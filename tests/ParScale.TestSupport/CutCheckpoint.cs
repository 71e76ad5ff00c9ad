using System.Text.Json.Nodes;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;

namespace ParScale.TestSupport;

/// <summary>
/// Writes the first P' streams of a checkpoint as a folder of their own, one element after the other by its indices: prefix[p], column
/// h * P + p and rows p with p &lt; P'. P' = 1 has neither prefix nor aggregator.
/// </summary>
public static class CutCheckpoint
{
    public static void Write(string source, string target, int count)
    {
        using Checkpoint checkpoint = Checkpoint.Open(source);
        CheckpointConfig config = CheckpointConfig.Create(
            checkpoint.Config.Model, count == 1 ? StreamConfig.Plain : checkpoint.Config.Streams with { Count = count, Elastic = [] });
        Directory.CreateDirectory(target);
        File.WriteAllText(Path.Combine(target, "config.json"), config.ToJson());
        SafetensorsWriter.Write(Path.Combine(target, "model.safetensors"), [.. ModelTensors.Expected(config).Select(tensor => Cut(checkpoint, tensor.Name, tensor.Shape, count))]);
    }

    /// <summary>Gives a folder the key that says which numbers of streams it was trained for.</summary>
    public static void MakeElastic(string folder, params int[] counts)
    {
        string path = Path.Combine(folder, "config.json");
        JsonNode config = JsonNode.Parse(File.ReadAllText(path))!;
        config["parscale_elastic"] = new JsonArray([.. counts.Select(count => JsonValue.Create(count))]);
        File.WriteAllText(path, config.ToJsonString());
    }

    private static TensorToWrite Cut(Checkpoint checkpoint, string name, long[] shape, int count)
    {
        (SafetensorsFile file, TensorInfo info) = checkpoint.Get(name);
        byte[] all = file.Bytes(info).ToArray();
        int size = info.Type.ByteSize(), streams = checkpoint.Config.Streams.Count;
        long[] kept = name == "model.aggregate_layer.0.weight"
            ? [.. from row in Enumerable.Range(0, (int)info.Shape[0]) from h in Enumerable.Range(0, (int)info.Shape[1] / streams) from p in Enumerable.Range(0, count) select row * info.Shape[1] + h * streams + p]
            : [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (product, axis) => product * axis)).Select(i => (long)i)];
        byte[] bytes = [.. kept.SelectMany(i => all.AsSpan((int)(i * size), size).ToArray())];
        return new TensorToWrite(name, info.Type, shape, bytes);
    }
}
