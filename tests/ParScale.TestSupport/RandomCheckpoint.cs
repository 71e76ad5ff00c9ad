using System.Text.Json.Nodes;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;

namespace ParScale.TestSupport;

/// <summary>Writes small checkpoints of any shape with random weights, large enough that attention and mixing are far from uniform.</summary>
public static class RandomCheckpoint
{
    public static CheckpointConfig Config(
        int streams = 4, int hidden = 24, int heads = 4, int keyValueHeads = 2, int layers = 2, int intermediate = 40, int vocabulary = 50,
        int prefix = 5, double smoothing = 0.1, double theta = 10000, bool tied = true, int maxPositions = 128, int? headSize = null,
        double epsilon = 1e-6, int[]? endOfText = null, bool anchored = false) =>
        CheckpointConfig.Create(
            new ModelConfig
            {
                HiddenSize = hidden,
                Layers = LayerConfig.Qwen2(layers, headSize ?? hidden / heads, intermediate, theta),
                AttentionHeads = heads,
                KeyValueHeads = keyValueHeads,
                HeadSize = headSize ?? hidden / heads,
                VocabularySize = vocabulary,
                MaxPositions = maxPositions,
                RmsNormEpsilon = epsilon,
                TieWordEmbeddings = tied,
                EndOfTextIds = endOfText ?? [],
            },
            streams > 1 ? new StreamConfig(streams, prefix, smoothing) { Anchored = anchored } : StreamConfig.Plain);

    /// <summary>
    /// Writes config.json and the weights into <paramref name="folder"/>, in one file or in shards; <paramref name="change"/> may change
    /// the values of a tensor first.
    /// </summary>
    public static void Write(
        string folder, CheckpointConfig config, int seed, TensorType type = TensorType.F32, bool sharded = false, Action<string, float[]>? change = null)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJson());
        var random = new Random(seed);
        TensorToWrite[] tensors = [.. ModelTensors.Expected(config).Select(tensor => Tensor(tensor.Name, tensor.Shape, type, random, change))];
        if (sharded) File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), WriteShards(folder, tensors, 3).ToJsonString());
        else SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), tensors);
    }

    /// <summary>Writes the tensors into a number of files, in their order, and returns the index of them.</summary>
    public static JsonObject WriteShards(string folder, IReadOnlyList<TensorToWrite> tensors, int count)
    {
        var map = new JsonObject();
        TensorToWrite[][] shards = [.. tensors.Chunk((tensors.Count + count - 1) / count)];
        for (int i = 0; i < shards.Length; i++)
        {
            string file = $"model-{i + 1:00000}-of-{shards.Length:00000}.safetensors";
            SafetensorsWriter.Write(Path.Combine(folder, file), shards[i]);
            foreach (TensorToWrite tensor in shards[i]) map[tensor.Name] = file;
        }
        return new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = 0 }, ["weight_map"] = map };
    }

    /// <summary>Writes an add-on of P streams for the model in <paramref name="backbone"/>.</summary>
    public static void WriteAddOn(string folder, string backbone, StreamConfig streams, int seed, TensorType type = TensorType.F32)
    {
        using Checkpoint below = Checkpoint.Open(backbone);
        var reference = new BackboneReference(Path.GetFullPath(backbone), BackboneHash.Of(below));
        Directory.CreateDirectory(folder);
        CheckpointConfig config = CheckpointConfig.Create(below.Config.Model, streams) with { Backbone = reference.From(folder) };
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJson());
        var random = new Random(seed);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"),
        [
            .. ModelTensors.Expected(config).Where(tensor => ModelTensors.IsOfStreams(tensor.Name)).Select(tensor => Tensor(tensor.Name, tensor.Shape, type, random)),
        ]);
    }

    private static TensorToWrite Tensor(string name, long[] shape, TensorType type, Random random, Action<string, float[]>? change = null)
    {
        var values = new float[shape.Aggregate(1L, (product, size) => product * size)];
        bool norm = name.Contains("norm", StringComparison.Ordinal);
        for (int i = 0; i < values.Length; i++)
        {
            double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            values[i] = (float)(norm ? 1 + 0.2 * normal : 0.4 * normal);
        }
        change?.Invoke(name, values);
        return new TensorToWrite(name, type, shape, Bytes(values, type));
    }

    private static byte[] Bytes(float[] values, TensorType type) => type switch
    {
        TensorType.F32 => [.. values.SelectMany(BitConverter.GetBytes)],
        TensorType.F16 => [.. values.SelectMany(value => BitConverter.GetBytes((Half)value))],
        TensorType.BF16 => [.. values.SelectMany(value => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)))],
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}
