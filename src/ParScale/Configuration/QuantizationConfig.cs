using System.Text.Json;
using ParScale.Kernels.Formats;
using ParScale.Quantization;

namespace ParScale.Configuration;

/// <summary>The key <c>quantization_config</c> of <c>config.json</c>: what the file of a quantised folder holds.</summary>
internal static class QuantizationConfig
{
    public const string Key = "quantization_config";
    private const string SourceKey = "backbone_xxh128_sample";
    private const string Method = "parscale";
    private const int Version = 1;
    private const string Expected = $"no {Key} (f32, bf16 or f16 weights), or what `{Method} quantize` writes; get the model that this one was quantised from";

    // Where MLX and old versions of compressed-tensors say the same.
    private static readonly string[] OtherKeys = ["quantization", "compression_config"];

    // Rows of a tile, and neighbouring values of a row.
    private const string Layout = "tiles-32x4";

    /// <summary>The type that the folder is quantised to; null when the config has no such key.</summary>
    /// <exception cref="ParScaleException">Another tool's quantisation (CF-14), a later version (QC-02) or another layout (QC-08).</exception>
    public static WeightDtype? Read(ConfigObject json, string file)
    {
        foreach (string other in OtherKeys)
        {
            if (json.Find(other) is { } foreign) throw json.Bad("CF-14", other, foreign, Expected);
        }
        if (json.Find(Key) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Object || Text(value, "quant_method") != Method)
        {
            JsonElement method = default;
            bool named = value.ValueKind == JsonValueKind.Object && value.TryGetProperty("quant_method", out method);
            throw json.Bad("CF-14", named ? $"{Key}.quant_method" : Key, named ? method : value,
                Expected);
        }
        if (!value.TryGetProperty("version", out JsonElement version) || !version.TryGetInt32OrNothing(out int number) || number != Version)
        {
            throw QuantizedFault.Create("QC-02", file,
                $"{Key} has version {ParScaleException.Quote(version.ValueKind == JsonValueKind.Undefined ? "none" : version.GetRawText())}, "
                + $"this program reads {Version}");
        }
        if (json.Inner(value).UnknownKey("quant_method", "version", "format", "layout", "q8_group_size", "q4_group_size", SourceKey) is { } key)
            throw QuantizedFault.Create("QC-08", file, $"{Key}.{key} is a key that this program does not read");
        WeightDtype? type = Text(value, "format") switch { "q8" => WeightDtype.Q8, "q4" => WeightDtype.Q4, _ => null };
        if (type is null || !IsOurs(value))
            throw QuantizedFault.Create("QC-08", file, $"{Key} names a format or layout that this program does not read");
        return type;
    }

    /// <summary>The sample of the float backbone that the folder was made from; null when it does not tell.</summary>
    public static string? Source(ConfigObject json) =>
        json.Find(Key) is { ValueKind: JsonValueKind.Object } value && value.TryGetProperty(SourceKey, out JsonElement sample)
            && sample.ValueKind == JsonValueKind.String ? json.Text(SourceKey, sample) : null;

    /// <summary>Writes the key into the object that <paramref name="json"/> stands in.</summary>
    /// <param name="json">Where to write.</param>
    /// <param name="type">What the matrices are quantised to.</param>
    /// <param name="source">The sample of the float backbone, by which add-ons know it again.</param>
    public static void Write(Utf8JsonWriter json, WeightDtype type, string source)
    {
        json.WriteStartObject(Key);
        json.WriteString("quant_method", Method);
        json.WriteNumber("version", Version);
        json.WriteString("format", type == WeightDtype.Q8 ? "q8" : "q4");
        json.WriteString("layout", Layout);
        json.WriteNumber("q8_group_size", QuantizedLayout.GroupSize(WeightDtype.Q8));
        json.WriteNumber("q4_group_size", QuantizedLayout.GroupSize(WeightDtype.Q4));
        json.WriteString(SourceKey, source);
        json.WriteEndObject();
    }

    private static bool IsOurs(JsonElement value) => Text(value, "layout") == Layout
        && GroupSize(value, "q8_group_size") == QuantizedLayout.GroupSize(WeightDtype.Q8)
        && GroupSize(value, "q4_group_size") == QuantizedLayout.GroupSize(WeightDtype.Q4);

    private static int? GroupSize(JsonElement value, string key) =>
        value.TryGetProperty(key, out JsonElement size) && size.TryGetInt32OrNothing(out int number) ? number : null;

    private static bool TryGetInt32OrNothing(this JsonElement value, out int number)
    {
        number = 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out number);
    }

    // Half a surrogate pair cannot be one of our words.
    private static string? Text(JsonElement value, string key)
    {
        if (!value.TryGetProperty(key, out JsonElement text) || text.ValueKind != JsonValueKind.String) return null;
        foreach (string word in (ReadOnlySpan<string>)[Method, Layout, "q8", "q4"])
        {
            if (text.ValueEquals(word)) return word;
        }
        return null;
    }
}
