using ParScale.Checkpoints;
using ParScale.Configuration.Families;

namespace ParScale.Configuration;

/// <summary>Which keys of <c>config.json</c> are read in every family, which are ignored in silence, and which with a notice.</summary>
internal static class ConfigKeys
{
    private const int ShortestCompared = 6;
    private const int MostUnknown = 256;

    private static readonly HashSet<string> Read = new(StringComparer.Ordinal)
    {
        "model_type", "architectures", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
        "num_key_value_heads", "head_dim", "vocab_size", "max_position_embeddings", "rms_norm_eps", "rope_theta",
        "pad_token_id", "rope_parameters", "rope_scaling", "partial_rotary_factor", "original_max_position_embeddings", "tie_word_embeddings",
        "parscale_n", "parscale_n_tokens", "parscale_attn_smooth", "parscale_elastic", "parscale_backbone", "bos_token_id", "eos_token_id", "torch_dtype",
        "dtype", "quantization_config", "enable_cross_attn", "enable_replica_rope", "is_causal", "use_bidirectional_attention",
    };

    private static readonly HashSet<string> Ignored = new(StringComparer.Ordinal)
    {
        "_name_or_path", "_attn_implementation", "_attn_implementation_autoset", "attention_dropout", "chunk_size_feed_forward",
        "cls_token_id", "decoder_start_token_id", "id2label", "initializer_range", "label2id", "output_attentions",
        "output_hidden_states", "pretraining_tp", "return_dict", "sep_token_id", "transformers_version",
        "use_cache",
    };

    private static readonly HashSet<string> NeverFollowed = new(StringComparer.Ordinal)
    {
        "auto_map", "_attn_implementation_internal", "custom_pipelines",
    };

    /// <summary>A line for every key that asks for code to be loaded or looks misspelt; only 256 unknown keys are looked at.</summary>
    public static List<string> Notices(IEnumerable<string> keys, Family family, string file)
    {
        var notices = new List<string>();
        string[] read = [.. Read, .. family.Keys];
        foreach (string key in keys.Where(key => !read.Contains(key) && !family.Overlooked.Contains(key) && !Ignored.Contains(key)).Take(MostUnknown))
        {
            string? notice = NeverFollowed.Contains(key)
                ? $"key {key} is ignored: code that a config names is never loaded"
                : Misspelling(key, read);
            if (notice is not null) notices.Add($"{Path.GetFileName(file)}: {notice}");
        }
        return notices;
    }

    private static string? Misspelling(string key, string[] read)
    {
        if (key.Length < ShortestCompared) return null;
        string? nearest = NearestName.Find(key, read, within: 2);
        return nearest is null ? null : $"unknown key {ParScaleException.Quote(key)} is ignored; did you mean {nearest}?";
    }
}
