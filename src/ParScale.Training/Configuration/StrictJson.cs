using System.Text.Json;
using ParScale.Checkpoints;
using ParScale.Files;

namespace ParScale.Training.Configuration;

/// <summary>
/// Files that people write, as JSON without comments, trailing commas or keys that stand twice. Every error names the file and the key.
/// </summary>
internal static class StrictJson
{
    private const int LongestFile = 1 << 20;
    private const int Deepest = 8;

    /// <summary>The object that the file holds.</summary>
    /// <exception cref="ParScaleException">The file cannot be read or holds no JSON object (RC-01).</exception>
    public static JsonElement Read(string path)
    {
        if (!Path.Exists(path)) throw ParScaleException.BadInput("RC-01", path, "is not there");
        byte[] bytes = InputFile.Read(path, LongestFile, "RC-01", "RC-01", "RC-01");
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = Deepest });
            JsonElement root = document.RootElement.Clone();
            if (root.ValueKind == JsonValueKind.Object) return root;
            throw ParScaleException.BadInput("RC-01", path, $"holds {Kind(root)}; it must hold one JSON object");
        }
        catch (JsonException e)
        {
            throw ParScaleException.BadInput("RC-01", path,
                $"is not JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}); comments and trailing commas are not allowed", e);
        }
    }

    /// <summary>The members of an object, each key once. <paramref name="where"/> is the key that holds it; empty for the file's own.</summary>
    /// <exception cref="ParScaleException">It is no object (RC-04), or a key stands twice (RC-03).</exception>
    public static IReadOnlyList<JsonProperty> Members(string path, string where, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object) throw Wrong(path, where, $"must be an object, not {Kind(element)}");
        JsonProperty[] members = [.. element.EnumerateObject()];
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty member in members)
        {
            if (!seen.Add(member.Name)) throw Usage("RC-03", path, Inside(where, member.Name), "appears twice; remove one");
        }
        return members;
    }

    /// <summary>The error for a key that is none of <paramref name="known"/>; it shows the nearest.</summary>
    public static ParScaleException Unknown(string path, string where, string key, IReadOnlyCollection<string> known)
    {
        string? nearest = NearestName.Find(key, known, within: Math.Max(2, key.Length / 2));
        string hint = nearest is null ? $"known are {string.Join(", ", known.Order(StringComparer.Ordinal))}" : $"did you mean {nearest}?";
        return Usage("RC-02", path, Inside(where, key), $"is not a known key; {hint}");
    }

    /// <summary>The error for a value that is not what its key asks for.</summary>
    public static ParScaleException Wrong(string path, string key, string detail) => Usage("RC-04", path, key, detail);

    /// <summary>An error at a key: usage, because a file like these stands for flags.</summary>
    public static ParScaleException Usage(string code, string path, string key, string detail) =>
        ParScaleException.Usage(code, $"{Path.GetFileName(path)}: {(key.Length == 0 ? "" : ParScaleException.Quote(key) + " ")}{detail}");

    /// <summary>The key as messages name it: the way to it from the file's object.</summary>
    public static string Inside(string where, string key) => where.Length == 0 ? key : $"{where}.{key}";

    /// <summary>What a value is, in words, with the value itself where it is short.</summary>
    public static string Kind(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => $"the text {ParScaleException.Quote(element.GetString() ?? "")}",
        JsonValueKind.Number => $"the number {element.GetRawText()}",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "null",
    };
}
