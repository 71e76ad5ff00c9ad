using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using TemplateMessage = ParScale.Text.Chat.ChatMessage;

namespace ParScale.Extensions.AI;

/// <summary>From messages of Microsoft.Extensions.AI to messages as chat templates see them.</summary>
internal static class MessageReader
{
    /// <summary>All messages, with the instructions as a system message before them.</summary>
    /// <exception cref="ParScaleException">A message has contents that are no text, reasoning, tool call or tool result (AI-02).</exception>
    public static List<TemplateMessage> Read(IEnumerable<ChatMessage> messages, string? instructions)
    {
        var read = new List<TemplateMessage>();
        if (!string.IsNullOrEmpty(instructions)) read.Add(new TemplateMessage("system", instructions));
        foreach (ChatMessage message in messages) Add(read, message);
        return read;
    }

    private static void Add(List<TemplateMessage> read, ChatMessage message)
    {
        var results = message.Contents.OfType<FunctionResultContent>().ToList();
        foreach (FunctionResultContent result in results)
            read.Add(new TemplateMessage("tool", TextOf(result.Result)) { Fields = new JsonObject { ["tool_call_id"] = result.CallId } });
        if (results.Count > 0 && results.Count == message.Contents.Count) return;

        string? text = null, reasoning = null;
        var calls = new JsonArray();
        foreach (AIContent content in message.Contents)
        {
            switch (content)
            {
                case TextContent part: text += part.Text; break;
                case TextReasoningContent part: reasoning += part.Text; break;
                case FunctionCallContent call: calls.Add((JsonNode)Call(call)); break;
                case FunctionResultContent or UsageContent: break;
                default: throw ParScaleException.Usage("AI-02", $"a message holds {content.GetType().Name}; the model reads text, tool calls and tool results only");
            }
        }
        var fields = new JsonObject();
        // There and null, as OpenAI has it: some templates ask for that.
        if (text is null && calls.Count > 0) fields["content"] = null;
        if (message.AuthorName is { } name) fields["name"] = name;
        if (reasoning is not null) fields["reasoning_content"] = reasoning;
        if (calls.Count > 0) fields["tool_calls"] = calls;
        read.Add(new TemplateMessage(message.Role.Value, text ?? (calls.Count > 0 ? null : "")) { Fields = fields.Count == 0 ? null : fields });
    }

    private static JsonObject Call(FunctionCallContent call) => new()
    {
        ["id"] = call.CallId,
        ["type"] = "function",
        ["function"] = new JsonObject
        {
            ["name"] = call.Name,
            ["arguments"] = call.Arguments is null ? [] : new JsonObject(call.Arguments.Select(pair => KeyValuePair.Create(pair.Key, Node(pair.Value)))),
        },
    };

    private static string TextOf(object? result) => result switch
    {
        null => "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } text => text.GetString()!,
        TextContent text => text.Text,
        _ => Node(result)?.ToJsonString() ?? "",
    };

    // The library's own options know how to write what functions take and return, also where reflection is off.
    private static JsonNode? Node(object? value) =>
        value is null ? null : JsonSerializer.SerializeToNode(value, AIJsonUtilities.DefaultOptions.GetTypeInfo(value.GetType()));
}
