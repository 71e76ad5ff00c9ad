using System.Globalization;
using System.Text.Json;
using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Files;

namespace ParScale.Inspection;

/// <summary>
/// What a <c>config.json</c> says of any model, whether its family runs or not, by the keys that most families use. Only told to the
/// user, never computed with.
/// </summary>
internal sealed record RawConfig
{
    private static readonly string[] OtherInputKeys = ["vision_config", "audio_config", "speech_config", "visual", "image_token_id", "image_token_index"];

    // One name for each size, and what other families call it.
    private static readonly (string Size, string[] Keys)[] SizeKeys =
    [
        ("layers", ["num_hidden_layers", "n_layer", "num_layers", "n_layers"]),
        ("hidden", ["hidden_size", "n_embd", "d_model", "dim"]),
        ("heads", ["num_attention_heads", "n_head", "n_heads"]),
        ("vocabulary", ["vocab_size", "padded_vocab_size"]),
    ];

    /// <summary><c>model_type</c>; null when there is none.</summary>
    public string? ModelType { get; private init; }

    /// <summary>The first of <c>architectures</c>.</summary>
    public string? Architecture { get; private init; }

    /// <summary><c>quant_method</c>, or that there is a quantisation without one.</summary>
    public string? Quantization { get; private init; }

    /// <summary>Whether it takes pictures or sound too.</summary>
    public bool HasOtherInputs { get; private init; }

    /// <summary>Whether an encoder reads the text: the model is none that continues it.</summary>
    public bool HasEncoder { get; private init; }

    /// <summary>Its sizes in words, such as <c>layers 24</c>; those of its text part, if it has parts.</summary>
    public IReadOnlyList<string> Sizes { get; private init; } = [];

    /// <summary>Reads the file; null when it is no JSON object, which others report.</summary>
    public static RawConfig? Read(string path)
    {
        try
        {
            using JsonDocument document = ConfigObject.Parse(InputFile.Read(path, CheckpointLimits.ConfigBytes, "CF-01", "CF-02", "CF-01"), path);
            JsonElement root = document.RootElement;
            JsonElement text = root.TryGetProperty("text_config", out JsonElement inner) && inner.ValueKind == JsonValueKind.Object ? inner : root;
            return new RawConfig
            {
                ModelType = Text(root, "model_type"),
                Architecture = root.TryGetProperty("architectures", out JsonElement list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0
                    ? Text(list[0]) : null,
                Quantization = !root.TryGetProperty(QuantizationConfig.Key, out JsonElement quantization) || quantization.ValueKind != JsonValueKind.Object
                    ? null : Text(quantization, "quant_method") ?? "without a method",
                HasOtherInputs = OtherInputKeys.Any(key => root.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null),
                HasEncoder = root.TryGetProperty("is_encoder_decoder", out JsonElement encoder) && encoder.ValueKind == JsonValueKind.True,
                Sizes = [.. SizeKeys.Select(size => Size(text, size.Size, size.Keys)).OfType<string>()],
            };
        }
        catch (ParScaleException)
        {
            return null;
        }
    }

    private static string? Size(JsonElement config, string name, string[] keys)
    {
        foreach (string key in keys)
        {
            if (config.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long size))
                return string.Create(CultureInfo.InvariantCulture, $"{name} {size}");
        }
        return null;
    }

    private static string? Text(JsonElement root, string key) => root.TryGetProperty(key, out JsonElement value) ? Text(value) : null;

    private static string? Text(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? ParScaleException.Escape(value.GetString() ?? "") : null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair.
            return null;
        }
    }
}
