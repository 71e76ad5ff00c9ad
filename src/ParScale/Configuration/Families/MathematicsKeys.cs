using System.Text.Json;

namespace ParScale.Configuration.Families;

/// <summary>
/// Keys that change what some family computes. A family that does not read such a key is not computed with it: where it asks for
/// something, the config is refused by name instead of being run as another model.
/// </summary>
internal static class MathematicsKeys
{
    // With the number that asks for nothing; null where any number asks. False, null and empty lists never ask.
    private static readonly (string Key, double? Off)[] All =
    [
        ("attention_bias", null), ("mlp_bias", null), ("qkv_bias", null), ("use_qkv_bias", null), ("use_bias", null), ("add_bias_linear", null), ("add_qkv_bias", null),
        ("sliding_window", null), ("use_sliding_window", null), ("layer_types", null), ("sliding_window_pattern", null), ("attention_chunk_size", null),
        (DualChunkAttention.Key, null), ("attn_logit_softcapping", null), ("final_logit_softcapping", null), ("logits_soft_cap", null), ("logit_soft_cap", null),
        ("query_pre_attn_scalar", null), ("embedding_multiplier", 1), ("attention_multiplier", null), ("residual_multiplier", 1), ("logits_scaling", 1),
        ("logit_scale", 1), ("scale_emb", 1), ("scale_depth", null), ("dim_model_base", null), ("mup_base_width", null), ("clip_qkv", null), ("clamp_kqv", null),
        ("qk_layernorm", null), ("use_qk_norm", null), ("qk_norm", null), ("no_rope_layers", null), ("no_rope_layer_interval", 0), ("rope_local_base_freq", null),
        ("rotary_pct", 1), ("rotary_percent", 1), ("rope_pct", 1), ("rope_interleave", null), ("rope_interleaved", null), ("alibi", null), ("use_alibi", null),
        ("parallel_attn", null), ("use_parallel_residual", null), ("parallel_residual", null), ("attn_temperature_tuning", null), ("attn_output_gate", null),
        ("num_experts", 0), ("num_local_experts", 0), ("n_routed_experts", 0), ("moe_num_experts", 0), ("num_experts_per_tok", 0), ("shared_intermediate_size", 0),
        ("shared_expert_intermediate_size", 0), ("n_shared_experts", 0), ("num_shared_experts", 0), ("routed_scaling_factor", 1), ("first_k_dense_replace", 0),
        ("q_lora_rank", 0), ("kv_lora_rank", 0), ("num_kv_shared_layers", 0), ("hidden_size_per_layer_input", 0), ("altup_num_inputs", 0), ("laurel_rank", 0),
        ("mamba_d_state", 0), ("mamba_n_heads", 0), ("linear_num_key_heads", 0), ("cross_attention_layers", null), ("add_cross_attention", null),
    ];

    /// <summary>Refuses a key that asks for something the family does not do.</summary>
    /// <exception cref="ParScaleException">CF-08.</exception>
    public static void Require(ConfigObject json, Family family)
    {
        foreach ((string key, double? off) in All)
        {
            if (family.Keys.Contains(key) || family.Overlooked.Contains(key) || json.Find(key) is not { } value || !Asks(value, off)) continue;
            json.Faults.Add(json.Bad("CF-08", key, value, $"no such key: models of type {family.PlainType} are computed without it"));
        }
    }

    private static bool Asks(JsonElement value, double? off) => value.ValueKind switch
    {
        JsonValueKind.False => false,
        JsonValueKind.Number => off is null || !value.TryGetDouble(out double number) || number != off,
        JsonValueKind.Array => value.GetArrayLength() > 0,
        _ => true,
    };
}
