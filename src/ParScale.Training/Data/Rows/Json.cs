using System.Text.Json;

namespace ParScale.Training.Data.Rows;

/// <summary>JSON as other tools write it, and parts of it.</summary>
internal static class Json
{
    private const int DeepestEmpty = 8;

    // A document takes time by depth times length; a reader that skips does not.
    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = 1000 };
    private static readonly JsonReaderOptions Skipping = new() { MaxDepth = int.MaxValue };

    /// <summary>Reads one value in which numbers may be NaN or Infinity.</summary>
    /// <exception cref="JsonException">The bytes are not JSON, or are nested a thousand levels deep.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            return JsonDocument.Parse(json, Reading);
        }
        catch (JsonException) when (PythonNumbers.Replace(json.Span) is { } strict)
        {
            return JsonDocument.Parse(strict, Reading);
        }
    }

    /// <summary>The object of those fields alone that <paramref name="keep"/> names; the others may be as deep as they like.</summary>
    /// <exception cref="JsonException">The bytes are not JSON.</exception>
    public static byte[] Prune(ReadOnlySpan<byte> json, Func<string, bool> keep)
    {
        byte[]? strict = PythonNumbers.Replace(json);
        if (strict is not null) json = strict;
        var kept = new List<byte>(json.Length);
        var reader = new Utf8JsonReader(json, Skipping);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            reader.Read();
            return [.. "[]"u8];
        }
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            int start = (int)reader.TokenStartIndex;
            bool isKept = keep(reader.GetString() ?? "");
            reader.Read();
            reader.Skip();
            if (!isKept) continue;
            kept.Add(kept.Count == 0 ? (byte)'{' : (byte)',');
            kept.AddRange(json[start..(int)reader.BytesConsumed]);
        }
        reader.Read();
        return kept.Count == 0 ? [.. "{}"u8] : [.. kept, (byte)'}'];
    }

    /// <summary>A value of an object; none when it is null, as tools that unify columns write what a row lacks.</summary>
    public static JsonElement? Find(JsonElement from, string name) =>
        from.TryGetProperty(name, out JsonElement value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined) ? value : null;

    /// <exception cref="ParScaleException">The value is no text.</exception>
    public static string Text(JsonElement value, string field, RowLocation place) => value.ValueKind == JsonValueKind.String
        ? value.GetString() ?? ""
        : throw place.Error("TD-03", $"{ParScaleException.Quote(field)} is {Name(value)}; it must be a text");

    /// <summary>What a value is, for a message.</summary>
    public static string Name(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "null",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        _ => "true or false",
    };

    /// <summary>Whether a value says nothing: null, false, an empty text, or a list or object of such values alone, also as a text.</summary>
    public static bool IsEmpty(JsonElement value, int depth = 0) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined or JsonValueKind.False => true,
        JsonValueKind.String => value.GetString() is "" or "[]" or "{}" or "null",
        JsonValueKind.Array => depth < DeepestEmpty && value.EnumerateArray().All(element => IsEmpty(element, depth + 1)),
        JsonValueKind.Object => depth < DeepestEmpty && value.EnumerateObject().All(field => IsEmpty(field.Value, depth + 1)),
        _ => false,
    };
}
