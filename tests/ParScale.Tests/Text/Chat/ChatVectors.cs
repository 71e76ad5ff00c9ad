using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Text.Chat;

namespace ParScale.Tests.Text.Chat;

/// <summary>What Python's Jinja made of our own templates; <c>scripts/template-vectors</c> wrote it down.</summary>
internal static class ChatVectors
{
    // As in reference.py.
    private static readonly Dictionary<string, string> SpecialTokens =
        new() { ["bos_token"] = "<s>", ["eos_token"] = "</s>", ["unk_token"] = "<unk>", ["pad_token"] = "<pad>" };

    private static readonly DateTimeOffset Now = new(2031, 2, 3, 14, 5, 9, TimeSpan.Zero);

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Fixtures", "chat");

    private static readonly JsonObject Catalogues = ReadObject("tools.json");

    /// <summary>The conversations by name.</summary>
    public static JsonObject Conversations { get; } = ReadObject("conversations.json");

    /// <summary>The lines of a file of vectors.</summary>
    public static JsonObject[] Lines(string name) => [.. File.ReadLines(Path.Combine(Folder, name)).Select(line => JsonNode.Parse(line)!.AsObject())];

    /// <summary>The template of a name such as <c>tools/hermes</c>.</summary>
    public static ChatTemplate Template(string name) => ChatTemplate.Parse(File.ReadAllText(Path.Combine(Folder, "templates", name + ".jinja")), name);

    /// <summary>The names of all templates.</summary>
    public static IEnumerable<string> Templates() => Directory.EnumerateFiles(Path.Combine(Folder, "templates"), "*.jinja", SearchOption.AllDirectories)
        .Select(file => Path.ChangeExtension(Path.GetRelativePath(Path.Combine(Folder, "templates"), file), null).Replace('\\', '/'))
        .Order(StringComparer.Ordinal);

    /// <summary>A conversation's messages.</summary>
    public static List<ChatMessage> Messages(JsonNode conversation) => [.. conversation["messages"]!.AsArray().Select(message => Message(message!.AsObject()))];

    /// <summary>What a template is given beside the messages of a conversation.</summary>
    public static ChatTemplateOptions Options(JsonNode conversation, bool addGenerationPrompt) => new()
    {
        AddGenerationPrompt = addGenerationPrompt,
        Tools = (conversation["tools"] is JsonValue name ? Catalogues[name.GetValue<string>()] : conversation["tools"])?.DeepClone().AsArray(),
        Documents = conversation["documents"]?.DeepClone().AsArray(),
        Variables = conversation["variables"]?.DeepClone().AsObject(),
        SpecialTokens = SpecialTokens,
        Now = Now,
    };

    /// <summary>
    /// Compares what a template makes of a conversation with a vector: its text and what its generation blocks wrote, or the words with
    /// which it refuses, or that it fails. Returns null, or what differs.
    /// </summary>
    public static string? Difference(JsonObject expected, Func<RenderedChat> render)
    {
        RenderedChat chat;
        try
        {
            chat = render();
        }
        catch (ParScaleException error) when (error.Kind == ErrorKind.BadInput)
        {
            if (expected["raises"] is { } words)
                return error.Message.Contains(ParScaleException.Escape(words.ToString()), StringComparison.Ordinal) ? null : $"raises '{error.Message}' in place of '{words}'";
            return expected.ContainsKey("fails") ? null : $"fails: {error.Message}";
        }
        if (expected["text"] is not { } text) return $"gives '{chat.Text}' in place of {expected.ToJsonString()}";
        if (text.GetValue<string>() != chat.Text) return FirstDifference(text.GetValue<string>(), chat.Text);
        if (expected["generated"] is not JsonArray wanted) return null;
        string found = string.Join(',', chat.Spans.Where(span => span.Generated).Aggregate(new List<(int Start, int End)>(), Join).Select(span => $"[{span.Start},{span.End - span.Start}]"));
        return $"[{found}]" == wanted.ToJsonString() ? null : $"generated [{found}] in place of {wanted.ToJsonString()}";
    }

    private static List<(int Start, int End)> Join(List<(int Start, int End)> spans, ChatSpan span)
    {
        if (spans.Count > 0 && spans[^1].End == span.Start) spans[^1] = (spans[^1].Start, span.Start + span.Length);
        else spans.Add((span.Start, span.Start + span.Length));
        return spans;
    }

    private static string FirstDifference(string expected, string found)
    {
        int same = expected.AsSpan().CommonPrefixLength(found);
        string Around(string text) => JsonSerializer.Serialize(text.Substring(Math.Max(0, same - 40), Math.Min(text.Length, same + 40) - Math.Max(0, same - 40)));
        return $"at {same}: {Around(found)} in place of {Around(expected)}";
    }

    private static ChatMessage Message(JsonObject message)
    {
        // Some templates print messages whole: then the order of their fields counts.
        string? content = message["content"] is JsonValue value ? value.GetValue<string>() : null;
        var fields = new JsonObject(message.Where(field => field.Key != "role").Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone())));
        return new ChatMessage(message["role"]!.GetValue<string>(), content) { Fields = fields };
    }

    private static JsonObject ReadObject(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, name)))!.AsObject();
}
