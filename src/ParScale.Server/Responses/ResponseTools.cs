using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Server.Http;
using ParScale.Server.Requests;

namespace ParScale.Server.Responses;

/// <summary>Reads <c>tools</c> and <c>tool_choice</c> of a response, which name a function in place, as those of a chat, which have an object for it.</summary>
internal static class ResponseTools
{
    private const int MostDepth = 128;

    private static readonly string[] OfFunction = ["name", "description", "parameters", "strict"];

    /// <summary>The fields of a chat that say the same.</summary>
    public static Fields Read(Fields body)
    {
        var chat = new JsonObject();
        if (body.List("tools", ToolFields.MostTools) is { } tools) chat["tools"] = new JsonArray([.. tools.EnumerateArray().Select((tool, i) => Tool(tool, $"tools[{i}]"))]);
        if (body.Get("tool_choice") is { } choice) chat["tool_choice"] = choice.ValueKind == JsonValueKind.Object ? Tool(choice, "tool_choice") : Node(choice);
        if (body.Flag("parallel_tool_calls") is { } parallel) chat["parallel_tool_calls"] = parallel;
        // An object more around each function than the body has.
        return new Fields(JsonElement.Parse(chat.ToJsonString(), new JsonDocumentOptions { MaxDepth = MostDepth }));
    }

    private static JsonObject Tool(JsonElement json, string path)
    {
        if (json.ValueKind != JsonValueKind.Object) throw ApiException.Field(path, $"{path} must be an object");
        var tool = new Fields(json, path);
        if (tool.Text("type") != "function") throw ApiException.Field(tool.At("type"), $"{tool.At("type")} must be function; this server runs no tools of its own");
        if (tool.Text("name") is not { Length: > 0 }) throw ApiException.Field(tool.At("name"), $"{tool.At("name")} is missing");
        var function = new JsonObject();
        foreach (string name in OfFunction)
            if (tool.Get(name) is { } value) function[name] = Node(value);
        return new JsonObject { ["type"] = "function", ["function"] = function };
    }

    private static JsonNode? Node(JsonElement value) => JsonNode.Parse(value.GetRawText());
}
