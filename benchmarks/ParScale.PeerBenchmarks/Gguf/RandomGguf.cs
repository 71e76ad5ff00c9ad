using System.Globalization;
using ParScale.ScalingLaws.Cost;

namespace ParScale.PeerBenchmarks.Gguf;

/// <summary>A file that llama.cpp loads as a Qwen2 model of a shape, with random weights and a made-up vocabulary of the right size.</summary>
internal static class RandomGguf
{
    private const uint Context = 32_768;

    /// <summary>Writes the file. Format: <c>q8</c> for Q8_0, <c>q4</c> for Q4_0 with the embedding, which is the head too, in Q8_0 as ours.</summary>
    public static void Write(string file, ModelShape shape, string format)
    {
        GgufType type = format == "q4" ? GgufType.Q4_0 : GgufType.Q8_0;
        using var writer = new GgufWriter(new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20));
        writer.Write(Metadata(shape, type), [.. Tensors(shape, type)]);
    }

    // The keys that llama.cpp reads of a Qwen2 model and of a byte-pair tokenizer.
    private static Dictionary<string, object> Metadata(ModelShape shape, GgufType type) => new()
    {
        ["general.architecture"] = "qwen2",
        ["general.name"] = $"random {shape.Name}",
        ["general.alignment"] = 32u,
        ["general.file_type"] = type == GgufType.Q4_0 ? 2u : 7u,
        ["qwen2.block_count"] = (uint)shape.Layers,
        ["qwen2.context_length"] = Context,
        ["qwen2.embedding_length"] = (uint)shape.Hidden,
        ["qwen2.feed_forward_length"] = (uint)shape.Intermediate,
        ["qwen2.attention.head_count"] = (uint)shape.Heads,
        ["qwen2.attention.head_count_kv"] = (uint)shape.KeyValueHeads,
        ["qwen2.attention.layer_norm_rms_epsilon"] = 1e-6f,
        ["qwen2.rope.freq_base"] = 10_000f,
        ["tokenizer.ggml.model"] = "gpt2",
        ["tokenizer.ggml.pre"] = "qwen2",
        ["tokenizer.ggml.tokens"] = Enumerable.Range(0, shape.Vocabulary).Select(id => string.Create(CultureInfo.InvariantCulture, $"t{id}")).ToArray(),
        ["tokenizer.ggml.token_type"] = Enumerable.Repeat(1, shape.Vocabulary).ToArray(),
        ["tokenizer.ggml.merges"] = new[] { "t 1" },
        ["tokenizer.ggml.bos_token_id"] = 0u,
        ["tokenizer.ggml.eos_token_id"] = 1u,
        ["tokenizer.ggml.add_bos_token"] = false,
    };

    private static IEnumerable<GgufTensor> Tensors(ModelShape shape, GgufType type)
    {
        int hidden = shape.Hidden, queries = shape.Heads * shape.HeadSize, keys = shape.KeyValueHeads * shape.HeadSize;
        yield return new GgufTensor("token_embd.weight", GgufType.Q8_0, shape.Vocabulary, hidden);
        yield return new GgufTensor("output_norm.weight", GgufType.F32, 1, hidden, Value: 1);
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.");
            yield return new GgufTensor(name + "attn_norm.weight", GgufType.F32, 1, hidden, Value: 1);
            yield return new GgufTensor(name + "attn_q.weight", type, queries, hidden);
            yield return new GgufTensor(name + "attn_q.bias", GgufType.F32, 1, queries);
            yield return new GgufTensor(name + "attn_k.weight", type, keys, hidden);
            yield return new GgufTensor(name + "attn_k.bias", GgufType.F32, 1, keys);
            yield return new GgufTensor(name + "attn_v.weight", type, keys, hidden);
            yield return new GgufTensor(name + "attn_v.bias", GgufType.F32, 1, keys);
            yield return new GgufTensor(name + "attn_output.weight", type, hidden, queries);
            yield return new GgufTensor(name + "ffn_norm.weight", GgufType.F32, 1, hidden, Value: 1);
            yield return new GgufTensor(name + "ffn_gate.weight", type, shape.Intermediate, hidden);
            yield return new GgufTensor(name + "ffn_up.weight", type, shape.Intermediate, hidden);
            yield return new GgufTensor(name + "ffn_down.weight", type, hidden, shape.Intermediate);
        }
    }
}
