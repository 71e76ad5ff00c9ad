using System.Text;
using System.Text.Json;
using ParScale.Checkpoints;
using ParScale.Files;

namespace ParScale.Text.Chat;

/// <summary>The templates of a model's folder, by name.</summary>
/// <param name="File">The file, or one of the files, that they were read from.</param>
/// <param name="Sources">Their texts.</param>
internal sealed record ChatTemplateFiles(string File, IReadOnlyDictionary<string, string> Sources)
{
    /// <summary>The name of the template that counts when none is asked for.</summary>
    public const string Default = "default";

    /// <summary>The name of the template for chats with tools.</summary>
    public const string ToolUse = "tool_use";

    /// <summary>The tokenizer's configuration.</summary>
    public const string ConfigFile = "tokenizer_config.json";

    private const string OwnFile = "chat_template.jinja";
    private const string OtherFile = "chat_template.json";
    private const string MoreFolder = CompanionFiles.TemplateFolder;
    private const string Key = "chat_template";
    private const int LongestConfig = 16 << 20;

    /// <summary>The first place in a folder that has templates; null when there is none.</summary>
    /// <exception cref="ParScaleException">A file is malformed.</exception>
    public static ChatTemplateFiles? Find(string folder) =>
        FromFiles(folder) ?? FromConfig(Path.Combine(folder, ConfigFile)) ?? FromConfig(Path.Combine(folder, OtherFile));

    /// <summary>Reads a JSON file of a folder; null when it is not there.</summary>
    /// <exception cref="ParScaleException">It is no JSON object.</exception>
    public static JsonDocument? ReadJson(string path)
    {
        if (!Path.Exists(path)) return null;
        byte[] bytes = InputFile.Read(path, LongestConfig, "CT-16", "CT-16", "CT-16");
        try
        {
            ReadOnlyMemory<byte> json = bytes.AsMemory(bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0);
            JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document
                : throw ParScaleException.BadInput("CT-16", path, "is no JSON object; fetch it again");
        }
        catch (JsonException e)
        {
            throw ParScaleException.BadInput("CT-16", path, "is not JSON; fetch it again", e);
        }
    }

    /// <summary>The text of a template.</summary>
    /// <exception cref="ParScaleException">There is none of that name.</exception>
    public string Named(string? name) => Sources.TryGetValue(name ?? Default, out string? source) ? source
        : throw ParScaleException.BadInput("CT-14", File, $"has no template named {ParScaleException.Quote(name ?? Default)}; it has "
            + string.Join(", ", Sources.Keys.Order(StringComparer.Ordinal).Take(20).Select(ParScaleException.Quote)));

    private static ChatTemplateFiles? FromFiles(string folder)
    {
        var sources = new Dictionary<string, string>(StringComparer.Ordinal);
        string own = Path.Combine(folder, OwnFile);
        string more = Path.Combine(folder, MoreFolder);
        if (Path.Exists(own)) sources[Default] = ReadText(own);
        string[] files = Directory.Exists(more) ? Directory.GetFiles(more, "*.jinja") : [];
        foreach (string file in files.Order(StringComparer.Ordinal)) sources.TryAdd(Path.GetFileNameWithoutExtension(file), ReadText(file));
        return sources.Count == 0 ? null : new ChatTemplateFiles(sources.ContainsKey(Default) ? own : more, sources);
    }

    private static string ReadText(string path)
    {
        byte[] bytes = InputFile.Read(path, ChatTemplate.LongestSource * 4, "CT-16", "CT-13", "CT-16");
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException e)
        {
            throw ParScaleException.BadInput("CT-16", path, "is not UTF-8; save it as UTF-8", e);
        }
    }

    private static ChatTemplateFiles? FromConfig(string path)
    {
        using JsonDocument? config = ReadJson(path);
        if (config is null || !config.RootElement.TryGetProperty(Key, out JsonElement template)) return null;
        try
        {
            return template.ValueKind switch
            {
                JsonValueKind.Null => null,
                JsonValueKind.String => new ChatTemplateFiles(path, new Dictionary<string, string> { [Default] = template.GetString() ?? "" }),
                JsonValueKind.Array when template.GetArrayLength() == 0 => null,
                JsonValueKind.Array => new ChatTemplateFiles(path, template.EnumerateArray().Select(Pair).DistinctBy(pair => pair.Key).ToDictionary()),
                JsonValueKind.Object => new ChatTemplateFiles(
                    path, template.EnumerateObject().DistinctBy(each => each.Name).ToDictionary(each => each.Name, each => Text(each.Value))),
                _ => throw Malformed(),
            };
        }
        catch (InvalidOperationException e)
        {
            throw ParScaleException.BadInput("CT-16", path, $"its {Key} holds half a surrogate pair, which is no character; fetch it again", e);
        }

        KeyValuePair<string, string> Pair(JsonElement each) => each.ValueKind == JsonValueKind.Object
            && each.TryGetProperty("name", out JsonElement name) && each.TryGetProperty("template", out JsonElement text)
            ? new(Text(name), Text(text)) : throw Malformed();

        string Text(JsonElement element) => element.ValueKind == JsonValueKind.String ? element.GetString() ?? "" : throw Malformed();

        ParScaleException Malformed() =>
            ParScaleException.BadInput("CT-16", path, $"its {Key} is neither a text nor a list of objects with \"name\" and \"template\"");
    }
}
