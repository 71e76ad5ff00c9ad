using System.Text;
using System.Text.Json.Nodes;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;

namespace ParScale.Tests.Checkpoints;

/// <summary>A model of a few hundred parameters, written to a folder in pieces that a test can spoil.</summary>
internal static class TinyModel
{
    public static string Config(params ReadOnlySpan<(string Key, JsonNode? Value)> changes)
    {
        JsonObject json = new()
        {
            ["model_type"] = "qwen2_parscale",
            ["hidden_size"] = 8,
            ["intermediate_size"] = 12,
            ["num_hidden_layers"] = 2,
            ["num_attention_heads"] = 2,
            ["num_key_value_heads"] = 1,
            ["vocab_size"] = 10,
            ["tie_word_embeddings"] = true,
            ["parscale_n"] = 2,
            ["parscale_n_tokens"] = 3,
            ["parscale_attn_smooth"] = 0.1,
        };
        foreach ((string key, JsonNode? value) in changes) json[key] = value?.DeepClone();
        return json.ToJsonString();
    }

    public static CheckpointConfig Parse(string config) => CheckpointConfig.Parse(Encoding.UTF8.GetBytes(config), "config.json");

    public static List<TensorToWrite> Tensors(CheckpointConfig config) =>
        [.. ModelTensors.Expected(config).Select(tensor => Zeros(tensor.Name, tensor.Shape))];

    public static TensorToWrite Zeros(string name, long[] shape, TensorType type = TensorType.F32) =>
        new(name, type, shape, new byte[TensorSize.Bytes(type, shape)]);

    /// <summary>Writes config and weights; <paramref name="spoil"/> may change the tensors first.</summary>
    public static void Write(TempFolder folder, string config, Action<List<TensorToWrite>>? spoil = null)
    {
        folder.Write("config.json", config);
        List<TensorToWrite> tensors = Tensors(Parse(config));
        spoil?.Invoke(tensors);
        SafetensorsWriter.Write(folder.File("model.safetensors"), tensors);
    }

    /// <summary>Writes config and two shards; returns the index for a test to spoil and write.</summary>
    public static JsonObject WriteShards(TempFolder folder, string config)
    {
        folder.Write("config.json", config);
        return RandomCheckpoint.WriteShards(folder.Path, Tensors(Parse(config)), 2);
    }
}
