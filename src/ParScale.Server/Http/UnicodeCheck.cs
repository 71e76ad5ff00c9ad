using System.Text.Json;
using System.Text.Unicode;

namespace ParScale.Server.Http;

/// <summary>
/// Refuses a body that holds what is no text: bytes that are not UTF-8, or half a surrogate pair. JSON allows the latter as an escape, but
/// reading or writing it later would fail.
/// </summary>
internal static class UnicodeCheck
{
    private const int MostPath = 200;

    /// <summary>Checks a body before it is parsed.</summary>
    public static void RequireUtf8(ReadOnlySpan<byte> body)
    {
        if (!Utf8.IsValid(body)) throw new ApiException(400, "the body is not UTF-8", "invalid_request_error");
    }

    /// <summary>Checks every text and name of a body. Only escapes can be at fault, and few bodies have such ones.</summary>
    public static void RequireCharacters(ReadOnlySpan<byte> body, JsonElement root)
    {
        if (body.IndexOf("\\ud"u8) >= 0 || body.IndexOf("\\uD"u8) >= 0) Walk(root, "");
    }

    private static void Walk(JsonElement value, string path)
    {
        if (value.ValueKind == JsonValueKind.String) Require(() => value.GetString()!, path);
        else if (value.ValueKind == JsonValueKind.Array)
        {
            int i = 0;
            foreach (JsonElement item in value.EnumerateArray()) Walk(item, $"{path}[{i++}]");
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty field in value.EnumerateObject())
            {
                string name = Require(() => field.Name, path);
                Walk(field.Value, path.Length == 0 ? name : $"{path}.{name}");
            }
        }
    }

    private static string Require(Func<string> read, string path)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            if (path.Length > MostPath) path = path[..MostPath];
            throw ApiException.Field(path, $"{(path.Length == 0 ? "the body" : path)} holds half a surrogate pair, which is no character");
        }
    }
}
