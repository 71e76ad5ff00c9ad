using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace ParScale.Extensions.AI;

/// <summary>Tools in the form in which chat templates expect them.</summary>
internal static class ToolSchemas
{
    /// <summary>One JSON schema for each function; null when there are no tools.</summary>
    /// <exception cref="ParScaleException">A tool is not a function (AI-01).</exception>
    public static JsonArray? Of(IList<AITool>? tools) => tools is { Count: > 0 } ? [.. tools.Select(Schema)] : null;

    private static JsonNode Schema(AITool tool)
    {
        if (tool.GetService<AIFunctionDeclaration>() is not { } function)
            throw ParScaleException.Usage("AI-01", $"the tool {ParScaleException.Quote(tool.Name)} is not supported: it is no function, and only functions run here");
        return new JsonObject
        {
            ["type"] = "function",
            ["function"] = new JsonObject
            {
                ["name"] = function.Name,
                ["description"] = function.Description,
                ["parameters"] = JsonNode.Parse(function.JsonSchema.GetRawText()),
            },
        };
    }
}
