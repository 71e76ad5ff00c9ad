using System.Security.Cryptography;
using System.Text.Json;

namespace ParScale.Text.Chat.Tools;

/// <summary>Reads the JSON of a call.</summary>
internal static class ToolCallJson
{
    private const string Letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int IdLength = 9;
    private static readonly string[] ArgumentKeys = ["arguments", "parameters"];

    /// <summary>
    /// The calls of an object, or of a list of them; null when it is not JSON, has a name twice in an object, or one of the calls names
    /// no offered tool or has no object of arguments.
    /// </summary>
    public static List<ToolCall>? Read(string json, bool isList, IReadOnlySet<string> tools)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            JsonElement[] calls = isList ? [.. document.RootElement.EnumerateArray()] : [document.RootElement];
            List<ToolCall> read = [.. calls.Select(call => Read(call, tools)).OfType<ToolCall>()];
            return read.Count == 0 || read.Count < calls.Length ? null : read;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or a name with half a surrogate pair.
            return null;
        }
    }

    /// <summary>The call of a tool with these arguments; null when they are no JSON object, or have a name twice.</summary>
    public static ToolCall? Read(string name, string arguments)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(arguments, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return Call(name, document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static ToolCall? Read(JsonElement call, IReadOnlySet<string> tools)
    {
        if (call.ValueKind != JsonValueKind.Object || !call.TryGetProperty("name", out JsonElement name) || name.ValueKind != JsonValueKind.String) return null;
        if (!tools.Contains(name.GetString()!)) return null;
        foreach (string key in ArgumentKeys)
        {
            if (call.TryGetProperty(key, out JsonElement arguments)) return Call(name.GetString()!, arguments);
        }
        return null;
    }

    private static ToolCall? Call(string name, JsonElement arguments) =>
        arguments.ValueKind == JsonValueKind.Object ? new ToolCall(RandomNumberGenerator.GetString(Letters, IdLength), name, arguments.GetRawText()) : null;
}
