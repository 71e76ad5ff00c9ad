using System.Text.Json;

namespace ParScale.Configuration.Families;

/// <summary>
/// The attention of the Qwen2.5 models for a million tokens. Up to the length of its first chunk it is plain attention; longer texts
/// are not taken.
/// </summary>
internal static class DualChunkAttention
{
    public const string Key = "dual_chunk_attention_config";

    /// <summary>How many of a model's <paramref name="positions"/> are computed as the config asks.</summary>
    /// <exception cref="ParScaleException">The settings have other keys than sizes (CF-08).</exception>
    public static int Context(FamilyFile file, int positions)
    {
        if (file.Json.Find(Key) is not { } value) return positions;
        int same = file.Faults.Try(() => SameAsPlain(file.Json, value), positions);
        if (same < positions) file.Notices.Add($"max_position_embeddings is taken as {same}: longer texts need {Key}, which is not supported");
        return Math.Min(positions, same);
    }

    // The first chunk is chunk_size - local_size long, as vLLM computes it, and no longer than before it scales attention.
    private static int SameAsPlain(ConfigObject json, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object) throw json.Bad("CF-08", Key, value, "an object or null");
        ConfigObject inner = json.Inner(value);
        inner.RequireKeys(Key, "CF-08", "chunk_size", "local_size", "original_max_position_embeddings", "sparse_attention_enabled");
        if (inner.Flag("sparse_attention_enabled", absent: false))
            throw inner.Bad("CF-08", $"{Key}.sparse_attention_enabled", value.GetProperty("sparse_attention_enabled"), "false");
        int chunk = Number("chunk_size", 1, ConfigLimits.Positions);
        int local = Number("local_size", 0, chunk - 1);
        return Math.Min(chunk - local, inner.Has("original_max_position_embeddings") ? Number("original_max_position_embeddings", 1, ConfigLimits.Positions) : chunk);

        int Number(string key, int least, int limit) => inner.Find(key) is { } number
            ? inner.Whole($"{Key}.{key}", number, least, limit, "CF-08")
            : throw json.Bad("CF-08", Key, value, $"a {key} in it");
    }
}
