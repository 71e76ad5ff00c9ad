using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;

namespace ParScale.Tests.Checkpoints;

public class CheckpointTests
{
    private const string Weights = "model.safetensors";
    private const string QueryBias = "model.layers.1.self_attn.q_proj.bias";
    private static readonly string[] PickleNames = ["pytorch_model.bin", "model.pt", "model.PTH", "model.ckpt"];

    [Theory]
    [InlineData("qwen2_parscale", 1, true)]
    [InlineData("qwen2_parscale", 3, true)]
    [InlineData("qwen2_parscale", 3, false)]
    [InlineData("qwen2", 3, false)]
    public void A_whole_checkpoint_opens(string type, int streams, bool tied)
    {
        using var folder = new TempFolder();
        TinyModel.Write(folder, TinyModel.Config(("model_type", type), ("parscale_n", streams), ("tie_word_embeddings", tied)));
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        Assert.Empty(checkpoint.Notices);
        Assert.Equal(!tied, checkpoint.Contains(ModelTensors.HeadName));
        Assert.Equal(checkpoint.Config.Streams.Count > 1, checkpoint.Contains("model.layers.0.self_attn.prefix_k"));
        Assert.Equal([8], checkpoint.Get("model.norm.weight").Info.Shape);
    }

    [Theory]
    [InlineData(TensorType.BF16)]
    [InlineData(TensorType.F16)]
    public void Half_precision_opens(TensorType type)
    {
        using var folder = new TempFolder();
        TinyModel.Write(folder, TinyModel.Config(), tensors => Replace(tensors, QueryBias, [8], type));
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal(type, checkpoint.Get(QueryBias).Info.Type);
    }

    [Fact]
    public void ST28_a_missing_tensor_is_named_with_the_nearest()
    {
        using var folder = new TempFolder();
        TinyModel.Write(folder, TinyModel.Config(), tensors =>
        {
            Remove(tensors, QueryBias);
            tensors.Add(TinyModel.Zeros(QueryBias + "x", [8]));
        });
        Expect("ST-28", folder, Weights, $"\"{QueryBias}\"", "[8]", $"\"{QueryBias}x\"");
    }

    [Fact]
    public void ST28_a_missing_head_says_why_one_is_expected()
    {
        using var folder = new TempFolder();
        TinyModel.Write(folder, TinyModel.Config());
        folder.Write("config.json", TinyModel.Config(("tie_word_embeddings", false)));
        Expect("ST-28", folder, Weights, ModelTensors.HeadName, "[10, 8]", "tie_word_embeddings is false");
    }

    [Fact]
    public void ST28_an_extra_tensor_is_named_with_the_nearest()
    {
        using var folder = new TempFolder();
        TinyModel.Write(folder, TinyModel.Config(), tensors => tensors.Add(TinyModel.Zeros("model.layers.0.self_attn.o_proj.bias", [8])));
        Expect("ST-28", folder, Weights, "\"model.layers.0.self_attn.o_proj.bias\"", "nearest");
    }

    [Fact]
    public void ST28_a_shape_that_differs_is_shown_beside_the_expected_one()
    {
        using var folder = new TempFolder();
        const string up = "model.layers.0.mlp.up_proj.weight";
        TinyModel.Write(folder, TinyModel.Config(), tensors => Replace(tensors, up, [8, 12], TensorType.F32));
        Expect("ST-28", folder, Weights, $"\"{up}\"", "[12, 8]", "[8, 12]");
    }

    [Fact]
    public void ST28_weights_of_whole_numbers_are_refused()
    {
        using var folder = new TempFolder();
        TinyModel.Write(folder, TinyModel.Config(), tensors => Replace(tensors, QueryBias, [8], TensorType.I32));
        Expect("ST-28", folder, Weights, QueryBias, "I32", "BF16");
    }

    [Fact]
    public void ST28_a_tied_checkpoint_may_carry_its_head_and_old_buffers()
    {
        using var folder = new TempFolder();
        TinyModel.Write(folder, TinyModel.Config(), tensors =>
        {
            tensors.Add(TinyModel.Zeros(ModelTensors.HeadName, [10, 8]));
            tensors.Add(TinyModel.Zeros("model.layers.0.self_attn.rotary_emb.inv_freq", [2]));
        });
        using (Checkpoint checkpoint = Checkpoint.Open(folder.Path))
        {
            Assert.Contains(checkpoint.Notices, notice => notice.Contains(ModelTensors.HeadName, StringComparison.Ordinal));
            Assert.Contains(checkpoint.Notices, notice => notice.Contains("inv_freq", StringComparison.Ordinal));
        }
        TinyModel.Write(folder, TinyModel.Config(), tensors => tensors.Add(TinyModel.Zeros(ModelTensors.HeadName, [11, 8])));
        Expect("ST-28", folder, Weights, ModelTensors.HeadName, "[10, 8]", "[11, 8]");
    }

    [Theory]
    [InlineData("parscale_n", 4, "parscale_n is 4", "prefix_k")]
    [InlineData("parscale_n_tokens", 7, "parscale_n_tokens is 7", "prefix_k")]
    [InlineData("parscale_n", 1, "parscale_n is 1", "prefix_")]
    public void CF11_prefixes_must_be_those_of_the_config(string key, int value, string detail, string tensor)
    {
        using var folder = new TempFolder();
        TinyModel.Write(folder, TinyModel.Config(), tensors => tensors.RemoveAll(
            held => held.Name.Contains("aggregate", StringComparison.Ordinal)));
        folder.Write("config.json", TinyModel.Config((key, value)));
        Expect("CF-11", folder, Weights, detail, tensor);
    }

    [Fact]
    public void CF06_a_model_larger_than_memory_is_not_loaded_and_its_files_stay_unopened()
    {
        using var folder = new TempFolder();
        folder.Write(Weights, [1, 2, 3]);
        folder.Write("config.json", TinyModel.Config(
            ("hidden_size", 1 << 18), ("intermediate_size", 1 << 20), ("num_hidden_layers", 1024), ("num_attention_heads", 1024),
            ("num_key_value_heads", 1024), ("head_dim", 4096), ("vocab_size", 2_000_000), ("parscale_n", 64), ("parscale_n_tokens", 4096)));
        BadInput.Expect(ErrorKind.NotEnoughMemory, "CF-06", () => LanguageModel.Load(folder.Path).Dispose(), 1 << 20, "config.json", "GiB");
    }

    [Theory]
    [InlineData("num_hidden_layers", int.MaxValue)]
    [InlineData("vocab_size", 1L << 31)]
    public void CF06_sizes_over_the_limits_are_refused(string key, long value)
    {
        using var folder = new TempFolder();
        folder.Write("config.json", TinyModel.Config((key, value)));
        BadInput.Expect(ErrorKind.BadInput, "CF-06", () => Checkpoint.Open(folder.Path).Dispose(), 1 << 20, "config.json", key);
    }

    [Fact]
    public void ST30_pickle_is_not_read()
    {
        foreach (string name in PickleNames)
        {
            using var folder = new TempFolder();
            folder.Write("config.json", TinyModel.Config());
            folder.Write(name, "x");
            Expect("ST-30", folder, name, "pickle is not read; convert to safetensors");
        }
    }

    [Fact]
    public void ST25_a_folder_without_weights_says_what_is_looked_for()
    {
        using var folder = new TempFolder();
        folder.Write("config.json", TinyModel.Config());
        Expect("ST-25", folder, Weights, "model.safetensors.index.json");
    }

    [Fact]
    public void ST29_a_folder_in_place_of_the_weights_is_refused()
    {
        using var folder = new TempFolder();
        folder.Write("config.json", TinyModel.Config());
        Directory.CreateDirectory(folder.File(Weights));
        Expect("ST-29", folder, Weights);
    }

    [Fact]
    public void Files_are_closed_after_a_refusal_and_after_use()
    {
        using var folder = new TempFolder();
        TinyModel.Write(folder, TinyModel.Config());
        Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        checkpoint.Dispose();
        (SafetensorsFile file, TensorInfo info) = checkpoint.Get("model.norm.weight");
        Assert.Throws<ObjectDisposedException>(() => file.Bytes(info).Length);
    }

    private static void Expect(string code, TempFolder folder, params ReadOnlySpan<string> named) =>
        BadInput.Expect(code, () => Checkpoint.Open(folder.Path).Dispose(), named);

    private static void Remove(List<TensorToWrite> tensors, string name) =>
        Assert.Equal(1, tensors.RemoveAll(tensor => tensor.Name == name));

    private static void Replace(List<TensorToWrite> tensors, string name, long[] shape, TensorType type)
    {
        Remove(tensors, name);
        tensors.Add(TinyModel.Zeros(name, shape, type));
    }
}
