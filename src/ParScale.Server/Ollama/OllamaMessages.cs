using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Server.Http;
using ParScale.Server.Requests;
using ParScale.Text.Chat;

namespace ParScale.Server.Ollama;

/// <summary>Reads the messages of a chat. Clients send past answers with empty lists and texts, which templates must not see.</summary>
internal static class OllamaMessages
{
    private static readonly string[] Roles = ["system", "user", "assistant", "tool"];

    /// <summary>The messages; none if there are none.</summary>
    public static ChatMessage[] Read(Fields body) => body.List("messages", ChatMessages.MostMessages) is { } list
        ? [.. list.EnumerateArray().Select((json, i) => json.ValueKind == JsonValueKind.Object
            ? Message(new Fields(json, $"messages[{i}]")) : throw ApiException.Field($"messages[{i}]", $"messages[{i}] must be an object"))] : [];

    /// <summary>Refuses a list that is not empty.</summary>
    public static void RequireNone(Fields fields, string name, string why)
    {
        if (fields.List(name, int.MaxValue) is { } list && list.GetArrayLength() > 0) throw ApiException.Field(fields.At(name), $"{fields.At(name)} is not supported: {why}");
    }

    private static ChatMessage Message(Fields message)
    {
        string role = message.RequiredText("role");
        if (!Roles.Contains(role)) throw ApiException.Field(message.At("role"), $"{message.At("role")} is {ParScaleException.Quote(role)}; it must be one of {string.Join(", ", Roles)}");
        RequireNone(message, "images", "this model reads text only");
        var fields = new JsonObject();
        if (message.Text("thinking") is { Length: > 0 } thinking) fields["reasoning_content"] = thinking;
        if ((message.Text("tool_name") ?? message.Text("name")) is { Length: > 0 } name) fields["name"] = name;
        if (message.Text("tool_call_id") is { Length: > 0 } id) fields["tool_call_id"] = id;
        if (Calls(message) is { Count: > 0 } calls) fields["tool_calls"] = calls;
        return new ChatMessage(role, message.Text("content")) { Fields = fields };
    }

    private static JsonArray? Calls(Fields message)
    {
        if (message.List("tool_calls", ChatMessages.MostMessages) is not { } list) return null;
        var calls = new JsonArray();
        int i = 0;
        foreach (JsonElement json in list.EnumerateArray())
        {
            string path = $"{message.At("tool_calls")}[{i++}]";
            if (json.ValueKind != JsonValueKind.Object) throw ApiException.Field(path, $"{path} must be an object");
            var call = new Fields(json, path);
            Fields function = call.Object("function") ?? throw ApiException.Field(call.At("function"), $"{call.At("function")} is missing");
            string name = function.RequiredText("name");
            var read = new JsonObject
            {
                ["type"] = "function",
                ["function"] = new JsonObject { ["name"] = name, ["arguments"] = function.Object("arguments") is { } given ? JsonNode.Parse(given.Json.GetRawText()) : new JsonObject() },
            };
            if (call.Text("id") is { } id) read["id"] = id;
            calls.Add((JsonNode)read);
        }
        return calls;
    }
}
