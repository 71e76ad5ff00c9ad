using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Generation;
using ParScale.Server.Http;

namespace ParScale.Server.Requests;

/// <summary>Reads <c>tools</c>, <c>tool_choice</c> and <c>parallel_tool_calls</c>.</summary>
internal static class ToolFields
{
    /// <summary>Tools that are read.</summary>
    public const int MostTools = 128;

    /// <summary>The tools that the template is given; null when there are none, or none may be called.</summary>
    public static JsonArray? Shown(Fields body)
    {
        if (body.List("functions", MostTools) is { } old && old.GetArrayLength() > 0) throw ApiException.Field("functions", "functions is not read; send tools");
        JsonElement? tools = body.List("tools", MostTools);
        (string choice, string? named) = Choice(body);
        string[] names = tools is null ? [] : [.. tools.Value.EnumerateArray().Select((tool, i) => Name(tool, $"tools[{i}]"))];
        if (names.Length == 0)
        {
            return choice is "none" or "auto" ? null : throw ApiException.Field("tool_choice", "tool_choice asks for a call and there are no tools");
        }
        for (int i = 0; i < names.Length; i++)
        {
            if (Array.IndexOf(names, names[i]) < i)
                throw ApiException.Field($"tools[{i}].function.name", $"tools[{i}].function.name is that of another tool: {ParScaleException.Quote(names[i])}");
        }
        if (named is not null && !names.Contains(named))
            throw ApiException.Field("tool_choice.function.name", $"tool_choice names {ParScaleException.Quote(named)}, which is none of the tools");
        if (choice == "none") return null;
        return JsonNode.Parse(tools!.Value.GetRawText())!.AsArray();
    }

    /// <summary>How the tools are called; null when there are none.</summary>
    public static OfferedTools? Offered(Fields body, LanguageModel model)
    {
        bool? parallel = body.Flag("parallel_tool_calls");
        if (Shown(body) is not { } tools) return null;
        (string choice, string? named) = Choice(body);
        try
        {
            return OfferedTools.Create(model, tools, choice == "required", named, parallel);
        }
        catch (ParScaleException e)
        {
            throw ApiException.Field(e.Code is "TL-03" or "TL-04" ? "tool_choice" : "tools", e.Message, e.Code);
        }
    }

    // none, auto, required, or a function with its name.
    private static (string Choice, string? Name) Choice(Fields body)
    {
        if (body.Get("tool_choice") is not { } choice) return ("auto", null);
        if (choice.ValueKind == JsonValueKind.String)
        {
            string word = Fields.TextOf(choice, "tool_choice");
            return word is "none" or "auto" or "required" ? (word, null) : throw Wrong("tool_choice");
        }
        if (choice.ValueKind != JsonValueKind.Object) throw Wrong("tool_choice");
        var fields = new Fields(choice, "tool_choice");
        if (fields.Text("type") is not "function") throw Wrong("tool_choice.type");
        return ("function", fields.Object("function")?.Text("name") ?? throw ApiException.Field("tool_choice.function.name", "tool_choice.function.name is missing"));
    }

    private static ApiException Wrong(string field) =>
        ApiException.Field(field, "tool_choice must be none, auto, required, or {\"type\": \"function\", \"function\": {\"name\": ...}}");

    private static string Name(JsonElement tool, string path)
    {
        if (tool.ValueKind != JsonValueKind.Object) throw ApiException.Field(path, $"{path} must be an object");
        var fields = new Fields(tool, path);
        if (fields.Text("type") is { } type && type != "function") throw ApiException.Field($"{path}.type", $"{path}.type is {ParScaleException.Quote(type)}; only functions can be called");
        Fields function = fields.Object("function") ?? throw ApiException.Field($"{path}.function", $"{path}.function is missing");
        if (function.Get("parameters") is { ValueKind: not JsonValueKind.Object }) throw ApiException.Field($"{path}.function.parameters", $"{path}.function.parameters must be an object");
        return function.Text("name") is { Length: > 0 } name ? name : throw ApiException.Field($"{path}.function.name", $"{path}.function.name is missing");
    }
}
