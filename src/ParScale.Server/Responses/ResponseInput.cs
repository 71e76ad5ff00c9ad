using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Server.Http;
using ParScale.Server.Requests;
using ParScale.Text.Chat;

namespace ParScale.Server.Responses;

/// <summary>Reads <c>instructions</c> and <c>input</c> as the messages that the template is given.</summary>
internal static class ResponseInput
{
    // What templates call it.
    private const string Thinking = "reasoning_content";

    private static readonly string[] Roles = ["system", "developer", "user", "assistant"];

    /// <summary>The messages, of which there is at least one.</summary>
    public static List<ChatMessage> Read(Fields body)
    {
        var messages = new List<ChatMessage>();
        if (body.Text("instructions") is { } instructions) messages.Add(new ChatMessage("system", instructions));
        JsonElement input = body.Get("input") ?? throw ApiException.Field("input", "input is missing");
        if (input.ValueKind == JsonValueKind.String)
        {
            messages.Add(new ChatMessage("user", Fields.TextOf(input, "input")));
            return messages;
        }
        JsonElement list = input.ValueKind == JsonValueKind.Array ? body.List("input", ChatMessages.MostMessages)!.Value
            : throw ApiException.Field("input", "input must be a text or a list of items");
        if (list.GetArrayLength() == 0) throw ApiException.Field("input", "input is empty");
        int i = 0;
        foreach (JsonElement json in list.EnumerateArray())
        {
            string path = $"input[{i++}]";
            if (json.ValueKind != JsonValueKind.Object) throw ApiException.Field(path, $"{path} must be an object");
            Add(messages, new Fields(json, path));
        }
        return messages;
    }

    private static void Add(List<ChatMessage> messages, Fields item)
    {
        switch (item.Text("type") ?? "message")
        {
            case "message":
                AddMessage(messages, Message(item));
                break;
            case "reasoning":
                messages.Add(new ChatMessage("assistant", null) { Fields = new JsonObject { [Thinking] = Reasoning(item) } });
                break;
            case "function_call":
                AddCall(messages, item);
                break;
            case "function_call_output":
                messages.Add(new ChatMessage("tool", Content(item, "output"))
                {
                    Fields = new JsonObject { ["tool_call_id"] = item.RequiredText("call_id") },
                });
                break;
            case var type:
                throw ApiException.Field(item.At("type"), $"{item.At("type")} is {ParScaleException.Quote(type)}; it must be message, reasoning, function_call or function_call_output");
        }
    }

    private static ChatMessage Message(Fields item)
    {
        string role = item.RequiredText("role");
        if (!Roles.Contains(role)) throw ApiException.Field(item.At("role"), $"{item.At("role")} is {ParScaleException.Quote(role)}; it must be one of {string.Join(", ", Roles)}");
        // What OpenAI calls the developer is the system message of the templates.
        return new ChatMessage(role == "developer" ? "system" : role, Content(item, "content"));
    }

    // What the assistant thought and what it then said are one turn.
    private static void AddMessage(List<ChatMessage> messages, ChatMessage message)
    {
        if (message.Role == "assistant" && messages is [.., { Role: "assistant", Content: null, Fields: { Count: 1 } fields }] && fields.ContainsKey(Thinking))
            messages[^1] = message with { Fields = fields };
        else messages.Add(message);
    }

    // A reasoning's text, or where its item has only that, a summary of it. What another server has encrypted cannot be read.
    private static string Reasoning(Fields item)
    {
        foreach (string name in (string[])["content", "summary"])
        {
            if (ChatMessages.Content(item, name, (type, part) => type is "reasoning_text" or "summary_text" or "text" ? part.RequiredText("text") : null) is { Length: > 0 } text) return text;
        }
        return "";
    }

    // Calls that follow each other, or what the assistant said before them, are one turn.
    private static void AddCall(List<ChatMessage> messages, Fields item)
    {
        if (messages is not [.., { Role: "assistant" }]) messages.Add(new ChatMessage("assistant", null) { Fields = new JsonObject { ["content"] = null } });
        ChatMessage turn = messages[^1];
        JsonObject fields = turn.Fields ?? [];
        fields.TryAdd("tool_calls", new JsonArray());
        if (fields["tool_calls"] is not JsonArray calls || calls.Count >= ChatMessages.MostMessages)
            throw ApiException.Field(item.Path, $"{item.Path} is one call too many");
        calls.Add((JsonNode)new JsonObject
        {
            ["id"] = item.RequiredText("call_id"),
            ["type"] = "function",
            ["function"] = new JsonObject { ["name"] = item.RequiredText("name"), ["arguments"] = ChatMessages.Arguments(item.RequiredText("arguments")) },
        });
        messages[^1] = turn with { Fields = fields };
    }

    private static string Content(Fields item, string name) =>
        ChatMessages.Content(item, name, TextOf) ?? throw ApiException.Field(item.At(name), $"{item.At(name)} is missing");

    private static string? TextOf(string type, Fields part) => type switch
    {
        "input_text" or "output_text" or "text" => part.RequiredText("text"),
        "refusal" => part.RequiredText("refusal"),
        _ => null,
    };
}
