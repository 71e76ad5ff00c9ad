using System.Text.Json;

namespace ParScale.Configuration;

/// <summary>
/// What a config says about which tokens a layer sees. Every layer here sees all earlier tokens; a window that no layer has, or that no
/// text of the model is longer than, comes to the same.
/// </summary>
internal static class AttentionConfig
{
    private const string DualChunk = "dual_chunk_attention_config";

    // The value of Transformers when the key is absent.
    private const int AbsentMaxWindowLayers = 28;

    /// <summary>The longest sequence that is computed as the config asks, in tokens: its <c>max_position_embeddings</c>, or less.</summary>
    /// <param name="json">The config.</param>
    /// <param name="layers">L.</param>
    /// <param name="notice">A line for the user, or null.</param>
    /// <exception cref="ParScaleException">A layer does not see all earlier tokens (CF-08).</exception>
    public static int MaxPositions(ConfigObject json, int layers, out string? notice)
    {
        const string key = "max_position_embeddings";
        int positions = json.Has(key) ? json.Whole(key, 1, ConfigLimits.Positions, "CF-05") : 32768;
        RequireNoWindow(json, layers, positions);
        int same = json.Find(DualChunk) is { } value ? SameAsPlain(json, value) : positions;
        notice = same < positions ? $"{key} is taken as {same}: longer texts need {DualChunk}, which is not supported" : null;
        return Math.Min(positions, same);
    }

    private static void RequireNoWindow(ConfigObject json, int layers, int positions)
    {
        int listed = 0;
        if (json.Find("layer_types") is { } types)
        {
            if (types.ValueKind != JsonValueKind.Array) throw json.Bad("CF-08", "layer_types", types, "a list of \"full_attention\"");
            foreach (JsonElement type in types.EnumerateArray())
            {
                if (type.ValueKind != JsonValueKind.String || !type.ValueEquals("full_attention"))
                    throw json.Bad("CF-08", $"layer_types[{listed}]", type, "\"full_attention\" for every layer");
                listed++;
            }
        }
        // Transformers looks at the window only when it is switched on, and then at the layers from max_window_layers on.
        if (!json.Flag("use_sliding_window", absent: false) || !json.Has("sliding_window")) return;
        int full = json.Has("layer_types") ? listed : json.Whole("max_window_layers", AbsentMaxWindowLayers, 0, int.MaxValue, "CF-08");
        if (full >= layers || json.Whole("sliding_window", 1, int.MaxValue, "CF-08") >= positions) return;
        throw json.Bad("CF-08", "use_sliding_window", json.Root.GetProperty("use_sliding_window"),
            $"false, or max_window_layers of at least num_hidden_layers {layers}: layers with a sliding window are not supported");
    }

    /// <summary>
    /// How many tokens the dual chunk attention of the Qwen2.5 models for a million tokens computes like plain attention: those of its
    /// first chunk, which is <c>chunk_size - local_size</c> long (as vLLM computes it), and no more than before it scales attention.
    /// </summary>
    private static int SameAsPlain(ConfigObject json, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object) throw json.Bad("CF-08", DualChunk, value, "an object or null");
        ConfigObject inner = json.Inner(value);
        inner.RequireKeys(DualChunk, "CF-08", "chunk_size", "local_size", "original_max_position_embeddings", "sparse_attention_enabled");
        if (inner.Flag("sparse_attention_enabled", absent: false))
            throw inner.Bad("CF-08", $"{DualChunk}.sparse_attention_enabled", value.GetProperty("sparse_attention_enabled"), "false");
        int chunk = Number("chunk_size", 1, ConfigLimits.Positions);
        int local = Number("local_size", 0, chunk - 1);
        return Math.Min(chunk - local, inner.Has("original_max_position_embeddings") ? Number("original_max_position_embeddings", 1, ConfigLimits.Positions) : chunk);

        int Number(string key, int least, int limit) => inner.Find(key) is { } number
            ? inner.Whole($"{DualChunk}.{key}", number, least, limit, "CF-08")
            : throw json.Bad("CF-08", DualChunk, value, $"a {key} in it");
    }
}
