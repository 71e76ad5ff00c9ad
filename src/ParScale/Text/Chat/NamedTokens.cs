using System.Text.Json;

namespace ParScale.Text.Chat;

/// <summary>The special tokens of a model that templates may name, such as <c>bos_token</c>; and those without a name of their own.</summary>
/// <param name="Named">Their texts by name.</param>
/// <param name="Additional">Those of <c>additional_special_tokens</c>.</param>
internal sealed record NamedTokens(IReadOnlyDictionary<string, string> Named, IReadOnlyList<string> Additional)
{
    private const string AdditionalKey = "additional_special_tokens";
    private const string MapFile = "special_tokens_map.json";
    private static readonly string[] Names = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    /// <summary>No tokens.</summary>
    public static NamedTokens None { get; } = new(new Dictionary<string, string>(), []);

    /// <summary>Those of a folder: <c>tokenizer_config.json</c> comes before <c>special_tokens_map.json</c>.</summary>
    /// <exception cref="ParScaleException">A file is not JSON.</exception>
    public static NamedTokens Read(string folder)
    {
        var named = new Dictionary<string, string>(StringComparer.Ordinal);
        List<string> additional = [];
        foreach (string file in new[] { ChatTemplateFiles.ConfigFile, MapFile })
        {
            using JsonDocument? config = ChatTemplateFiles.ReadJson(Path.Combine(folder, file));
            if (config is null) continue;
            foreach (string name in Names)
                if (Text(config.RootElement, name) is { } text) named.TryAdd(name, text);
            if (additional.Count == 0 && config.RootElement.TryGetProperty(AdditionalKey, out JsonElement list) && list.ValueKind == JsonValueKind.Array)
                additional = [.. list.EnumerateArray().Select(Text).OfType<string>()];
        }
        return new NamedTokens(named, additional);
    }

    /// <summary>The text of the token under a key; null when there is none.</summary>
    public static string? Text(JsonElement config, string key) => config.TryGetProperty(key, out JsonElement token) ? Text(token) : null;

    // A text, or an object that also says how the token is matched.
    private static string? Text(JsonElement token)
    {
        if (token.ValueKind == JsonValueKind.Object && token.TryGetProperty("content", out JsonElement content)) token = content;
        try
        {
            return token.ValueKind == JsonValueKind.String ? token.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair is no token.
            return null;
        }
    }
}
