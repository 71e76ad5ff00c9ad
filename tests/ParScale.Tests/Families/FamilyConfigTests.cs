using System.Text;
using System.Text.Json.Nodes;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Configuration.Rotations;
using ParScale.Tests.Checkpoints;

namespace ParScale.Tests.Families;

/// <summary>What configs of each family say, and what is refused in them.</summary>
public class FamilyConfigTests
{
    /// <summary>Config, key, JSON of its value, code, and what the message must hold.</summary>
    public static TheoryData<string, string, string, string, string> Refused() => new()
    {
        { "mistral", "sliding_window", "0", "CF-08", "sliding_window is 0" },
        { "phi3", "sliding_window", "-1", "CF-08", "sliding_window is -1" },
        { "gemma2", "layer_types", "[\"full_attention\"]", "CF-08", "layer_types has 1 entries; expected a list of 3" },
        { "gemma3", "layer_types", "[\"full_attention\",\"full_attention\",\"chunked_attention\"]", "CF-08", "layer_types[2] is \"chunked_attention\"" },
        { "gemma2", "attn_logit_softcapping", "0", "CF-08", "attn_logit_softcapping is 0" },
        { "gemma2", "query_pre_attn_scalar", "-1", "CF-08", "query_pre_attn_scalar is -1" },
        { "gemma2", "hidden_activation", "\"gelu\"", "CF-08", "supported are silu and gelu_pytorch_tanh" },
        { "gemma3", "rope_parameters", "{\"rope_type\":\"default\"}", "CF-09", "rope_parameters.rope_type is not supported; rope_parameters may only have sliding_attention, full_attention" },
        { "gemma3", "rope_scaling", "{\"rope_type\":\"linear\",\"factor\":2}", "CF-09", "rope_scaling is an object" },
        { "gemma3-old-keys", "sliding_window_pattern", "0", "CF-08", "sliding_window_pattern is 0" },
        { "phi3", "rope_scaling", "{\"type\":\"linear\",\"factor\":2}", "CF-09", "one of default, longrope, su, yarn" },
        { "phi3", "partial_rotary_factor", "0.01", "CF-09", "lets 0 numbers of each head turn" },
        { "llama", "partial_rotary_factor", "0.5", "CF-09", "this family turns whole heads" },
        { "llama", "sliding_window", "4096", "CF-08", "models of type llama are computed without it" },
        { "llama", "final_logit_softcapping", "30.0", "CF-08", "models of type llama are computed without it" },
        { "granite", "num_local_experts", "8", "CF-08", "models of type granite are computed without it" },
        { "granite", "residual_multiplier", "0", "CF-08", "residual_multiplier is 0" },
        { "granite", "logits_scaling", "null", "CF-04", "logits_scaling is null" },
        { "smollm3", "no_rope_layers", "[1,0]", "CF-08", "a list of 3 (num_hidden_layers) times 0 or 1" },
        { "smollm3", "no_rope_layers", "[1,0,2]", "CF-08", "no_rope_layers[2] is 2" },
        { "smollm3-window", "no_rope_layer_interval", "0", "CF-08", "no_rope_layer_interval is 0" },
        { "qwen3", "use_sliding_window", "false", "CF-08", "layer_types[1] is \"sliding_attention\"" },
        { "olmo2", "clip_qkv", "8.0", "CF-08", "models of type olmo2 are computed without it" },
        { "qwen3_moe", "num_experts_per_tok", "7", "CF-08", "at most the number of experts, which is 6" },
        { "qwen3_moe", "num_local_experts", "8", "CF-08", "num_experts is 6; expected 8, as num_local_experts says" },
        { "qwen3_moe", "num_experts", "0", "CF-05", "num_experts is 0" },
        { "qwen3_moe", "num_experts_per_tok", "0", "CF-05", "num_experts_per_tok is 0" },
        { "qwen3_moe", "decoder_sparse_step", "0", "CF-08", "decoder_sparse_step is 0" },
        { "qwen3_moe", "mlp_only_layers", "[-1]", "CF-08", "mlp_only_layers[] is -1" },
        { "qwen3_moe", "mlp_only_layers", "1", "CF-08", "a list of numbers of layers" },
        { "qwen3_moe", "sliding_window", "0", "CF-08", "sliding_window is 0" },
        { "qwen3_moe", "shared_expert_intermediate_size", "8", "CF-08", "models of type qwen3_moe are computed without it" },
        { "qwen2_moe", "shared_expert_intermediate_size", "0", "CF-05", "shared_expert_intermediate_size is 0" },
        { "olmoe", "clip_qkv", "0", "CF-08", "clip_qkv is 0" },
        { "mixtral", "clip_qkv", "2.0", "CF-08", "models of type mixtral are computed without it" },
        { "mixtral", "num_local_experts", "2048", "CF-06", "num_local_experts is 2048" },
        { "llama", "architectures", "[\"MistralForCausalLM\"]", "CF-08", "LlamaForCausalLM or LlamaParScaleForCausalLM" },
    };

    [Theory]
    [InlineData("qwen2", "\"max_window_layers\":0,", true, true, true)]
    [InlineData("qwen2", "\"max_window_layers\":1,", false, true, true)]
    [InlineData("qwen3", "\"max_window_layers\":2,", false, false, true)]
    [InlineData("qwen2_moe", "\"max_window_layers\":1,", true, false, false)]
    [InlineData("qwen2_moe", "", true, false, true)]
    [InlineData("qwen3_moe", "", true, true, true)]
    [InlineData("smollm3", "", false, false, false)]
    public void A_window_that_is_switched_on_without_a_size_has_that_of_the_class(string name, string keys, params bool[] windows)
    {
        JsonObject json = Assert.IsType<JsonObject>(JsonNode.Parse(FamilyConfigs.Json(name)));
        foreach (string key in (string[])["sliding_window", "max_window_layers", "layer_types"]) json.Remove(key);
        json["use_sliding_window"] = true;
        LayerConfig[] Layers(string more) => [.. TinyModel.Parse($"{{{keys}{more}{json.ToJsonString()[1..]}").Model.Layers];
        Assert.Equal(windows.Select(window => window ? 4096 : (int?)null), Layers("").Select(layer => layer.Attention.Window));
        Assert.All(Layers("\"sliding_window\":null,"), layer => Assert.Null(layer.Attention.Window));
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_a_family_does_not_compute_is_refused_by_name(string name, string key, string value, string code, string named)
    {
        string text = With(name, key, value);
        BadInput.Expect(code, () => TinyModel.Parse(text), "config.json", key, named);
    }

    [Theory]
    [InlineData("qwen2", "attention_bias", "true")]
    [InlineData("mistral", "layer_types", "[\"full_attention\"]")]
    [InlineData("mistral", "attention_bias", "true")]
    [InlineData("gemma3", "attn_logit_softcapping", "50.0")]
    [InlineData("phi3", "attention_bias", "true")]
    [InlineData("llama", "sliding_window", "null")]
    [InlineData("llama", "num_experts", "0")]
    [InlineData("qwen3_moe", "num_local_experts", "6")]
    [InlineData("qwen3_moe", "layer_types", "[\"full_attention\"]")]
    [InlineData("qwen3_moe", "mlp_only_layers", "[1,7]")]
    [InlineData("mixtral", "norm_topk_prob", "false")]
    [InlineData("mixtral", "router_jitter_noise", "0.1")]
    [InlineData("olmoe", "router_aux_loss_coef", "0.01")]
    [InlineData("llama", "residual_multiplier", "1.0")]
    [InlineData("gemma2", "hidden_act", "\"gelu\"")]
    public void What_Transformers_does_not_look_at_is_not_either(string name, string key, string value)
    {
        CheckpointConfig changed = TinyModel.Parse(With(name, key, value));
        Assert.Equal(FamilyConfigs.Read(name).Model with { EndOfTextIds = changed.Model.EndOfTextIds }, changed.Model);
        Assert.Empty(changed.Notices);
    }

    [Fact]
    public void Absent_keys_take_the_defaults_of_the_class()
    {
        ModelConfig Read(string type, string keys = "\"num_key_value_heads\":2") => TinyModel.Parse(
            $"{{\"model_type\":\"{type}\",\"hidden_size\":32,\"intermediate_size\":40,\"num_hidden_layers\":4,\"num_attention_heads\":4,\"vocab_size\":50,{keys}}}").Model;
        Assert.Equal((4, 8), (Read("llama", "\"rms_norm_eps\":1e-6").KeyValueHeads, Read("llama").HeadSize));
        Assert.Equal((128, 256, 256), (Read("qwen3").HeadSize, Read("gemma2").HeadSize, Read("gemma3_text").HeadSize));
        Assert.Equal((1e-6, 1e-5, 1e-5), (Read("llama").RmsNormEpsilon, Read("phi3").RmsNormEpsilon, Read("olmo2").RmsNormEpsilon));
        Assert.Equal((false, true, true, true), (Read("llama").TieWordEmbeddings, Read("gemma2").TieWordEmbeddings, Read("gemma3_text").TieWordEmbeddings, Read("smollm3").TieWordEmbeddings));
        Assert.Equal(4096, Read("mistral").Layers[0].Attention.Window);
        Assert.Null(Read("phi3").Layers[0].Attention.Window);
        Assert.Equal(new int?[] { 4096, null, 4096, null }, Read("gemma2").Layers.Select(layer => layer.Attention.Window));
        Assert.Equal(new double?[] { 50, 30, 1 / 16.0 }, [Read("gemma2").Layers[0].Attention.SoftCap, Read("gemma2").LogitsSoftCap, Read("gemma2").Layers[0].Attention.Scale]);
        Assert.Equal(new double?[] { null, null }, [Read("gemma3_text").Layers[0].Attention.SoftCap, Read("gemma3_text").LogitsSoftCap]);
        Assert.Equal(new double?[] { 2e6, 2e6, 2e6, null }, Read("smollm3").Layers.Select(layer => layer.Attention.Rotation?.Theta));
        Assert.Equal(new double?[] { 10000, 10000 }, [Read("gemma3_text").Layers[0].Attention.Rotation?.Theta, Read("gemma2").Layers[0].Attention.Rotation?.Theta]);
        Assert.Equal((1.0, 1.0, 1.0, 1.0), (Read("granite").EmbeddingMultiplier, Read("granite").ResidualMultiplier, Read("granite").LogitsDivisor, Read("granite").Layers[0].Attention.Scale));
        BadInput.Expect("CF-03", () => Read("mistral", "\"rms_norm_eps\":1e-6"), "num_key_value_heads");
    }

    [Fact]
    public void Damaged_configs_never_crash()
    {
        ReadOnlySpan<byte> likely = "{}[]\":,-.0123456789eE\\un \0\u00ff"u8;
        var random = new Random(15);
        foreach (string name in FamilyConfigs.Names)
        {
            byte[] good = Encoding.UTF8.GetBytes(FamilyConfigs.Json(name, streams: 2));
            for (int i = 0; i < 500; i++)
            {
                byte[] bytes = [.. good];
                for (int edits = random.Next(1, 4); edits > 0; edits--) bytes[random.Next(bytes.Length)] = likely[random.Next(likely.Length)];
                try
                {
                    ModelConfig model = CheckpointConfig.Parse(bytes, "config.json").Model;
                    foreach (Rotation rotation in model.Rotations) rotation.Frequencies(model.MaxPositions, new double[rotation.Size / 2]);
                }
                catch (ParScaleException e)
                {
                    Assert.DoesNotContain(e.Message, char.IsControl);
                }
            }
        }
    }

    [Fact]
    public void A_rotation_of_longer_texts_widens_the_context()
    {
        ModelConfig Read(string scaling) => TinyModel.Parse($"{TinyModel.Config()[..^1]},\"max_position_embeddings\":1000,\"rope_scaling\":{scaling}}}").Model;
        Assert.Equal(1000, Read("{\"type\":\"linear\",\"factor\":4}").MaxPositions);
        Assert.Equal(4000, Read("{\"type\":\"yarn\",\"factor\":4}").MaxPositions);
        Assert.Equal(1000, Read("{\"type\":\"yarn\",\"factor\":4,\"original_max_position_embeddings\":250}").MaxPositions);
        Assert.Equal(1000, Read("{\"type\":\"llama3\",\"factor\":8,\"low_freq_factor\":1,\"high_freq_factor\":4,\"original_max_position_embeddings\":100}").MaxPositions);
        Assert.Equal(4000, Read("{\"type\":\"dynamic\",\"factor\":2}").MaxPositions);
    }

    [Fact]
    public void A_rotation_lengthens_vectors_as_its_file_says()
    {
        double Magnitude(string scaling) =>
            TinyModel.Parse($"{TinyModel.Config()[..^1]},\"max_position_embeddings\":1000,\"rope_scaling\":{scaling}}}").Model.Rotations.Single().Magnitude;
        Assert.Equal(0.1 * Math.Log(4) + 1, Magnitude("{\"type\":\"yarn\",\"factor\":4}"), 1e-15);
        Assert.Equal(1.5, Magnitude("{\"type\":\"yarn\",\"factor\":4,\"attention_factor\":1.5}"));
        Assert.Equal((0.2 * Math.Log(4) + 1) / (0.05 * Math.Log(4) + 1), Magnitude("{\"type\":\"yarn\",\"factor\":4,\"mscale\":2,\"mscale_all_dim\":0.5}"), 1e-15);
        Assert.Equal(0.1 * Math.Log(4) + 1, Magnitude("{\"type\":\"yarn\",\"factor\":4,\"mscale\":2}"), 1e-15);
        const string lists = "\"short_factor\":[1,1],\"long_factor\":[1,1]";
        Assert.Equal(1, Magnitude($"{{\"type\":\"longrope\",{lists}}}"));
        Assert.Equal(Math.Sqrt(1 + Math.Log(10) / Math.Log(100)), Magnitude($"{{\"type\":\"longrope\",\"original_max_position_embeddings\":100,{lists}}}"), 1e-15);
        Assert.Equal(Math.Sqrt(1 + Math.Log(4) / Math.Log(100)), Magnitude($"{{\"type\":\"longrope\",\"factor\":4,\"original_max_position_embeddings\":100,{lists}}}"), 1e-15);
    }

    [Fact]
    public void A_rotation_has_an_epoch_for_every_set_of_frequencies()
    {
        var dynamic = new DynamicRotation { Theta = 10000, Size = 8, Factor = 2, TrainedPositions = 10 };
        Assert.Equal([0, 0, 11, 30], new[] { 1, 10, 11, 30 }.Select(dynamic.Epoch));
        var longRope = new LongRotation { Theta = 10000, Size = 4, ShortFactors = [1, 2], LongFactors = [3, 4], OriginalPositions = 16, AttentionFactor = 1 };
        Assert.Equal([0, 0, 17, 17], new[] { 1, 16, 17, 99 }.Select(longRope.Epoch));
        Assert.Equal(0, new DefaultRotation { Theta = 10000, Size = 8 }.Epoch(1 << 20));
    }

    [Theory]
    [InlineData("qwen3", "model.layers.1.self_attn.q_norm.weight", "[16]")]
    [InlineData("qwen3", "model.layers.0.self_attn.k_norm.weight", "[16]")]
    [InlineData("olmo2", "model.layers.2.self_attn.k_norm.weight", "[16]")]
    [InlineData("gemma2", "model.layers.0.pre_feedforward_layernorm.weight", "[32]")]
    [InlineData("phi3", "model.layers.0.self_attn.qkv_proj.weight", "[128, 64]")]
    [InlineData("llama-bias", "model.layers.0.mlp.down_proj.bias", "[32]")]
    [InlineData("qwen3_moe", "model.layers.0.mlp.gate.weight", "[6, 32]")]
    [InlineData("qwen2_moe", "model.layers.1.mlp.shared_expert_gate.weight", "[1, 32]")]
    [InlineData("olmoe", "model.layers.2.mlp.experts.8.down_proj.weight", "[32, 40]")]
    [InlineData("mixtral", "model.layers.0.block_sparse_moe.experts.4.w3.weight", "[40, 32]")]
    public void A_missing_tensor_is_named_with_its_shape(string name, string tensor, string shape)
    {
        using var folder = new TempFolder();
        Write(folder, name, tensors => tensors.RemoveAll(one => one.Name == tensor));
        BadInput.Expect("ST-28", () => Checkpoint.Open(folder.Path).Dispose(), tensor, shape, "found no such tensor");
    }

    [Theory]
    [InlineData("phi3", "model.layers.0.self_attn.qkv_proj.weight", 127, "expected shape [128, 64], found [127, 64]")]
    [InlineData("phi3", "model.layers.1.mlp.gate_up_proj.weight", 40, "expected shape [80, 64], found [40, 64]")]
    public void A_fused_tensor_of_wrong_size_is_named_with_its_shapes(string name, string tensor, int rows, string named)
    {
        using var folder = new TempFolder();
        Write(folder, name, tensors => tensors[tensors.FindIndex(one => one.Name == tensor)] = TinyModel.Zeros(tensor, [rows, 64]));
        BadInput.Expect("ST-28", () => Checkpoint.Open(folder.Path).Dispose(), tensor, named);
    }

    [Fact]
    public void Parts_of_fused_tensors_are_rows_of_them()
    {
        using var folder = new TempFolder();
        FamilyConfigs.Write(folder.Path, "phi3");
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        (SafetensorsFile file, TensorInfo whole) = checkpoint.Get("model.layers.1.self_attn.qkv_proj.weight");
        TensorInfo[] parts = [.. new[] { "q", "k", "v" }.Select(part => checkpoint.Get($"model.layers.1.self_attn.{part}_proj.weight").Info)];
        Assert.Equal([64L, 32, 32], parts.Select(part => part.Shape[0]));
        Assert.Equal(file.Bytes(whole).ToArray(), parts.SelectMany(part => file.Bytes(part).ToArray()));
    }

    private static void Write(TempFolder folder, string name, Action<List<TensorToWrite>> spoil) => TinyModel.Write(folder, FamilyConfigs.Json(name), spoil);

    private static string With(string name, string key, string value)
    {
        JsonObject json = JsonNode.Parse(FamilyConfigs.Json(name))!.AsObject();
        json.Remove(key);
        return $"{json.ToJsonString()[..^1]},\"{key}\":{value}}}";
    }
}
