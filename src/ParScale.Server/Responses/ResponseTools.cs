using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Server.Http;
using ParScale.Server.Requests;

namespace ParScale.Server.Responses;

/// <summary>Reads <c>tools</c> of a response, which hold their function in place, as those of a chat, which hold it in an object of its own.</summary>
internal static class ResponseTools
{
    private static readonly string[] Kept = ["name", "description", "parameters", "strict"];

    /// <summary>The tools as templates are given them; null for none.</summary>
    public static JsonArray? Read(Fields body)
    {
        string choice = Choice(body);
        if (body.List("tools", ToolFields.MostTools) is not { } list) return null;
        var tools = new JsonArray();
        int i = 0;
        foreach (JsonElement json in list.EnumerateArray())
        {
            string path = $"tools[{i++}]";
            if (json.ValueKind != JsonValueKind.Object) throw ApiException.Field(path, $"{path} must be an object");
            var tool = new Fields(json, path);
            if (tool.Text("type") != "function") throw ApiException.Field(tool.At("type"), $"{tool.At("type")} must be function; this server runs no tools of its own");
            _ = tool.Text("name") ?? throw ApiException.Field(tool.At("name"), $"{tool.At("name")} is missing");
            var function = new JsonObject();
            foreach (string name in Kept)
                if (tool.Get(name) is { } value) function[name] = JsonNode.Parse(value.GetRawText());
            tools.Add((JsonNode)new JsonObject { ["type"] = "function", ["function"] = function });
        }
        // Tools that must not be called are not shown either.
        return choice == "none" || tools.Count == 0 ? null : tools;
    }

    /// <summary>Whether tools may be called: none or auto.</summary>
    public static string Choice(Fields body) => body.Get("tool_choice") switch
    {
        null => "auto",
        { ValueKind: JsonValueKind.String } word when Fields.TextOf(word, "tool_choice") is "none" or "auto" => word.GetString()!,
        _ => throw ApiException.Field("tool_choice", "tool_choice must be none or auto; a call cannot be forced"),
    };
}
