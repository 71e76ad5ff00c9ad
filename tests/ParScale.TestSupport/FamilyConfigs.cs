using System.Text;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;

namespace ParScale.TestSupport;

/// <summary>Small configs of every family, each with something that another one lacks, as their files write it.</summary>
public static class FamilyConfigs
{
    private const string Sizes = """
        "hidden_size":32,"intermediate_size":40,"num_hidden_layers":3,"num_attention_heads":4,"num_key_value_heads":2,"vocab_size":50,"max_position_embeddings":256
        """;

    private static readonly Dictionary<string, (string Type, string Keys)> All = new(StringComparer.Ordinal)
    {
        ["llama"] = ("llama", """
            "rms_norm_eps":1e-5,"head_dim":16,"rope_theta":500000.0,
            "rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":64}
            """),
        ["llama-bias"] = ("llama", """
            "attention_bias":true,"mlp_bias":true,"tie_word_embeddings":true,"rope_parameters":{"rope_type":"linear","factor":4.0,"rope_theta":5000.0}
            """),
        ["llama-gelu-yarn"] = ("llama", """
            "hidden_act":"gelu_pytorch_tanh","rope_theta":300.0,"rope_scaling":{"type":"yarn","factor":4.0,"original_max_position_embeddings":128,
            "mscale":1.2,"mscale_all_dim":0.8,"beta_fast":24,"beta_slow":2}
            """),
        ["llama-dynamic"] = ("llama", "\"max_position_embeddings\":10,\"rope_scaling\":{\"rope_type\":\"dynamic\",\"factor\":2.0}"),
        ["mistral"] = ("mistral", "\"sliding_window\":5,\"head_dim\":12"),
        ["mistral-full"] = ("mistral", "\"sliding_window\":null"),
        ["qwen2"] = ("qwen2", "\"use_sliding_window\":true,\"sliding_window\":6,\"max_window_layers\":1"),
        ["qwen3"] = ("qwen3", """
            "head_dim":16,"rope_theta":1e6,"attention_bias":true,"use_sliding_window":true,"sliding_window":4,"tie_word_embeddings":true,
            "layer_types":["full_attention","sliding_attention","full_attention"]
            """),
        ["gemma2"] = ("gemma2", """
            "head_dim":12,"query_pre_attn_scalar":7,"sliding_window":5,"attn_logit_softcapping":3.0,"final_logit_softcapping":4.0,"hidden_activation":"gelu_pytorch_tanh"
            """),
        ["gemma3"] = ("gemma3_text", """
            "head_dim":12,"query_pre_attn_scalar":9,"sliding_window":5,"layer_types":["sliding_attention","full_attention","sliding_attention"],"attn_logit_softcapping":50.0,
            "rope_parameters":{"sliding_attention":{"rope_type":"default","rope_theta":1000.0},"full_attention":{"rope_type":"linear","factor":8.0,"rope_theta":20000.0}}
            """),
        ["gemma3-old-keys"] = ("gemma3_text", """
            "head_dim":12,"query_pre_attn_scalar":9,"sliding_window":5,"sliding_window_pattern":2,"rope_theta":20000.0,"rope_local_base_freq":1000.0,
            "rope_scaling":{"rope_type":"linear","factor":8.0}
            """),
        ["phi3"] = ("phi3", """
            "hidden_size":64,"partial_rotary_factor":0.75,"original_max_position_embeddings":16,"sliding_window":9,
            "rope_scaling":{"type":"su","short_factor":[1.0,1.1,1.3,1.6,2.0,2.5],"long_factor":[1.2,2.0,3.5,6.0,8.0,12.0]}
            """),
        ["phi3-plain"] = ("phi3", "\"tie_word_embeddings\":true,\"attention_bias\":true"),
        ["olmo2"] = ("olmo2", "\"rope_theta\":500000.0,\"attention_bias\":true"),
        ["granite"] = ("granite", """
            "embedding_multiplier":3.0,"attention_multiplier":0.6,"residual_multiplier":0.45,"logits_scaling":0.7,"mlp_bias":true,"tie_word_embeddings":true
            """),
        ["smollm3"] = ("smollm3", "\"no_rope_layers\":[1,0,1],\"rope_theta\":2000.0,\"mlp_bias\":true"),
        ["qwen3_moe"] = ("qwen3_moe", """
            "head_dim":12,"num_experts":6,"num_experts_per_tok":2,"moe_intermediate_size":16,"norm_topk_prob":true,"mlp_only_layers":[1],"use_sliding_window":true,"sliding_window":7
            """),
        ["qwen3_moe-sparse"] = ("qwen3_moe", """
            "num_local_experts":5,"num_experts_per_tok":3,"moe_intermediate_size":12,"decoder_sparse_step":2,"attention_bias":true,"max_window_layers":2,"tie_word_embeddings":true
            """),
        ["qwen2_moe"] = ("qwen2_moe", """
            "num_experts":5,"num_experts_per_tok":2,"moe_intermediate_size":16,"shared_expert_intermediate_size":56,"mlp_only_layers":[2],
            "use_sliding_window":true,"sliding_window":5,"max_window_layers":1
            """),
        ["qwen2_moe-without-bias"] = ("qwen2_moe", """
            "num_experts":4,"num_experts_per_tok":1,"moe_intermediate_size":20,"shared_expert_intermediate_size":8,"qkv_bias":false,"norm_topk_prob":true
            """),
        ["mixtral"] = ("mixtral", "\"num_local_experts\":5,\"num_experts_per_tok\":2,\"sliding_window\":6"),
        ["olmoe"] = ("olmoe", "\"num_experts\":9,\"num_experts_per_tok\":3,\"clip_qkv\":0.9"),
        ["olmoe-all"] = ("olmoe", "\"num_experts\":4,\"num_experts_per_tok\":4,\"norm_topk_prob\":true,\"attention_bias\":true"),
        ["smollm3-window"] = ("smollm3", "\"no_rope_layer_interval\":2,\"use_sliding_window\":true,\"sliding_window\":5"),
    };

    /// <summary>Their names.</summary>
    public static IReadOnlyCollection<string> Names => All.Keys;

    /// <summary>The JSON of one, plain or with streams.</summary>
    public static string Json(string name, int streams = 1, bool anchored = false)
    {
        (string type, string keys) = All[name];
        string prefix = streams == 1 ? "" : $",\"parscale_n\":{streams},\"parscale_n_tokens\":4,\"parscale_attn_smooth\":0.1";
        // Sizes that a family changes stand in its own keys.
        string sizes = string.Join(',', Sizes.Split(',').Where(size => !keys.Contains(size.Split(':')[0], StringComparison.Ordinal)));
        return $"{{\"model_type\":\"{type}{(streams == 1 ? "" : anchored ? "_parscale_anchored" : "_parscale")}\",{sizes},{keys}{prefix}}}";
    }

    /// <summary>The same, read.</summary>
    public static CheckpointConfig Read(string name, int streams = 1, bool anchored = false) =>
        CheckpointConfig.Parse(Encoding.UTF8.GetBytes(Json(name, streams, anchored)), "config.json");

    /// <summary>Writes a checkpoint of one with random weights, with the config as it stands here.</summary>
    public static CheckpointConfig Write(
        string folder, string name, int streams = 1, int seed = 1, bool anchored = false, TensorType type = TensorType.F32)
    {
        CheckpointConfig config = Read(name, streams, anchored);
        float offset = (float)config.Model.NormOffset;
        RandomCheckpoint.Write(folder, config, seed, type, change: (tensor, values) =>
        {
            // Half as large as usual: with three layers float32 and float64 would drift apart.
            bool norm = tensor.EndsWith("norm.weight", StringComparison.Ordinal);
            for (int i = 0; i < values.Length; i++) values[i] = norm ? values[i] - offset : values[i] / 2;
        });
        File.WriteAllText(Path.Combine(folder, "config.json"), Json(name, streams, anchored));
        return config;
    }
}
