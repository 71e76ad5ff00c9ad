using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Server.Http;
using ParScale.Text.Chat;

namespace ParScale.Server.Requests;

/// <summary>Reads the messages of a chat as the template is given them.</summary>
internal static class ChatMessages
{
    /// <summary>Messages, or calls in one, that are read.</summary>
    public const int MostMessages = 2048;
    private static readonly string[] Roles = ["system", "developer", "user", "assistant", "tool", "function"];

    /// <summary>The messages, of which there is at least one.</summary>
    public static ChatMessage[] Read(Fields body)
    {
        JsonElement list = body.List("messages", MostMessages) ?? throw ApiException.Field("messages", "messages is missing");
        if (list.GetArrayLength() == 0) throw ApiException.Field("messages", "messages is empty");
        return [.. list.EnumerateArray().Select((message, i) => Read(message, $"messages[{i}]"))];
    }

    private static ChatMessage Read(JsonElement json, string path)
    {
        if (json.ValueKind != JsonValueKind.Object) throw ApiException.Field(path, $"{path} must be an object");
        var message = new Fields(json, path);
        string role = message.RequiredText("role");
        if (!Roles.Contains(role)) throw ApiException.Field($"{path}.role", $"{path}.role is {ParScaleException.Quote(role)}; it must be one of {string.Join(", ", Roles)}");
        string? content = Content(message, "content", TextOf);
        // In their own order: some templates print messages whole.
        var fields = new JsonObject();
        foreach (JsonProperty field in json.EnumerateObject())
        {
            if (field.Name == "content") fields["content"] = content;
            if (field.Name is "role" or "content" || field.Value.ValueKind == JsonValueKind.Null) continue;
            fields[field.Name] = field.Name == "tool_calls" ? ToolCalls(message) : Node(field.Value);
        }
        // vLLM's name for what templates know by another.
        if (message.Text("reasoning") is { } thinking) fields.TryAdd("reasoning_content", thinking);
        // What OpenAI calls the developer is the system message of the templates.
        return new ChatMessage(role == "developer" ? "system" : role, content) { Fields = fields };
    }

    /// <summary>
    /// What a message says: a text, or parts of text, which are one text; null when the field is absent. Anything else cannot be shown to a
    /// model that reads text only.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="name">The field.</param>
    /// <param name="textOf">The text of a part of some type; null for types that are not read.</param>
    public static string? Content(Fields message, string name, Func<string, Fields, string?> textOf)
    {
        if (message.Get(name) is not { } content) return null;
        string path = message.At(name);
        if (content.ValueKind == JsonValueKind.String) return Fields.TextOf(content, path);
        if (content.ValueKind != JsonValueKind.Array) throw ApiException.Field(path, $"{path} must be a text or a list of parts");
        var text = new StringBuilder();
        int i = 0;
        foreach (JsonElement json in content.EnumerateArray())
        {
            string place = $"{path}[{i++}]";
            if (json.ValueKind != JsonValueKind.Object) throw ApiException.Field(place, $"{place} must be an object");
            var part = new Fields(json, place);
            string type = part.RequiredText("type");
            text.Append(textOf(type, part) ?? throw ApiException.Field(part.At("type"), $"{part.At("type")} is {ParScaleException.Quote(type)}; this model reads text only"));
        }
        return text.ToString();
    }

    private static string? TextOf(string type, Fields part) => type switch
    {
        "text" => part.RequiredText("text"),
        "refusal" => part.Text("refusal") ?? "",
        _ => null,
    };

    /// <summary>
    /// The arguments of a call as templates want them. Clients send JSON in a text; templates want the object, so that they can write it
    /// their own way.
    /// </summary>
    public static JsonNode Arguments(string text)
    {
        try
        {
            if (JsonNode.Parse(text) is JsonObject parsed) return parsed;
        }
        catch (JsonException)
        {
            // A model may have written no JSON; the template gets what it wrote.
        }
        return JsonValue.Create(text);
    }

    private static JsonArray ToolCalls(Fields message)
    {
        var calls = new JsonArray();
        int i = 0;
        foreach (JsonElement json in message.List("tool_calls", MostMessages)!.Value.EnumerateArray())
        {
            string place = message.At($"tool_calls[{i++}]");
            if (json.ValueKind != JsonValueKind.Object) throw ApiException.Field(place, $"{place} must be an object");
            JsonNode call = Node(json)!;
            if (call["function"] is JsonObject function && function["arguments"] is JsonValue arguments && arguments.GetValueKind() == JsonValueKind.String)
                function["arguments"] = Arguments(arguments.GetValue<string>());
            calls.Add(call);
        }
        return calls;
    }

    private static JsonNode? Node(JsonElement value) => JsonNode.Parse(value.GetRawText());
}
