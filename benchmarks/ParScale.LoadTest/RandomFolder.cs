using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.ScalingLaws.Cost;
using ParScale.TestSupport;

namespace ParScale.LoadTest;

/// <summary>A folder of a published shape with random bf16 weights, whose every token has a text.</summary>
internal static class RandomFolder
{
    private const int Block = 1 << 20;

    public static void Write(string folder)
    {
        ModelShape shape = PublishedShapes.All.Single(one => one.Name == "1.8B");
        CheckpointConfig config = RandomCheckpoint.Config(streams: 1, shape.Hidden, shape.Heads, shape.KeyValueHeads, shape.Layers, shape.Intermediate,
            shape.Vocabulary, tied: shape.TiedHead, maxPositions: 4096, headSize: shape.HeadSize);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJson());
        var random = new Random(1);
        // The same million values again and again: what they are changes no time.
        ushort[] block = [.. Enumerable.Range(0, Block).Select(_ => ToBf16((float)(0.04 * (random.NextDouble() + random.NextDouble() - 1))))];
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"),
            [.. ModelTensors.Expected(config).Select(tensor => new TensorToWrite(tensor.Name, TensorType.BF16, tensor.Shape, Bytes(tensor.Name, tensor.Shape, block)))]);

        var tokenizer = new TinyTokenizer();
        JsonObject vocabulary = tokenizer.Root["model"]!["vocab"]!.AsObject();
        for (int id = vocabulary.Count + 1; id < shape.Vocabulary; id++) vocabulary[$"x{id}"] = id;
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), tokenizer.Root.ToJsonString());
    }

    private static byte[] Bytes(string name, long[] shape, ushort[] block)
    {
        var values = new ushort[shape.Aggregate(1L, (product, size) => product * size)];
        if (name.Contains("norm", StringComparison.Ordinal)) Array.Fill(values, ToBf16(1));
        else for (int i = 0; i < values.Length; i += Block) block.AsSpan(0, Math.Min(Block, values.Length - i)).CopyTo(values.AsSpan(i));
        return MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
    }

    private static ushort ToBf16(float value) => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
}
