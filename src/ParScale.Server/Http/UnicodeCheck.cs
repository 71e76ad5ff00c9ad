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
        if (body.IndexOf("\\ud"u8) >= 0 || body.IndexOf("\\uD"u8) >= 0) Walk(root, null);
    }

    private static void Walk(JsonElement value, Place? place)
    {
        if (value.ValueKind == JsonValueKind.String) Require(() => value.GetString()!, place);
        else if (value.ValueKind == JsonValueKind.Array)
        {
            int i = 0;
            foreach (JsonElement item in value.EnumerateArray()) Walk(item, new Place(place, "", i++));
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty field in value.EnumerateObject()) Walk(field.Value, new Place(place, Require(() => field.Name, place), null));
        }
    }

    private static string Require(Func<string> read, Place? place)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            string path = place?.ToString() ?? "";
            if (path.Length > MostPath) path = path[..MostPath];
            throw ApiException.Field(path, $"{(path.Length == 0 ? "the body" : path)} holds half a surrogate pair, which is no character");
        }
    }

    // Written out only where something is wrong: names are the client's, and a list of many items below a long one would be a text for each.
    private sealed record Place(Place? Outer, string Name, int? Index)
    {
        public override string ToString() => Index is { } index ? $"{Outer}[{index}]" : Outer is null ? Name : $"{Outer}.{Name}";
    }
}
