using System.Text;
using System.Text.Json;
using ParScale.Files;

namespace ParScale.Inspection;

/// <summary>Whose a model is: the licence and the model that it was made from, as its card names them.</summary>
/// <param name="Licence">By the card's <c>license</c>, else the first line of the file LICENSE; null when neither is there.</param>
/// <param name="BaseModel">By the card's <c>base_model</c>, or the adapter's <c>base_model_name_or_path</c>; null likewise.</param>
internal sealed record ModelCard(string? Licence, string? BaseModel)
{
    private const int LongestRead = 1 << 16;
    private const string Fence = "---";

    /// <summary>That of a folder. A card is for people: whatever is odd about it is no fault.</summary>
    public static ModelCard Of(string folder)
    {
        string[] lines = Lines(Path.Combine(folder, "README.md"));
        string[] front = lines.Length > 0 && lines[0].Trim() == Fence ? [.. lines.Skip(1).TakeWhile(line => line.Trim() != Fence)] : [];
        string? licence = Value(front, "license");
        // Such a card names the licence in a key of its own.
        if (licence is "other") licence = Value(front, "license_name") ?? licence;
        licence ??= Lines(Path.Combine(folder, "LICENSE")).Select(line => line.Trim()).FirstOrDefault(line => line.Length > 0);
        return new ModelCard(Shown(licence), Shown(Value(front, "base_model") ?? AdapterBase(folder)));
    }

    /// <summary>The model that the settings of a PEFT adapter name.</summary>
    private static string? AdapterBase(string folder)
    {
        try
        {
            using JsonDocument settings = JsonDocument.Parse(string.Join('\n', Lines(Path.Combine(folder, FolderKind.AdapterFile))));
            return settings.RootElement.ValueKind == JsonValueKind.Object && settings.RootElement.TryGetProperty("base_model_name_or_path", out JsonElement name)
                && name.ValueKind == JsonValueKind.String ? name.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // "key: value", or "key:" and a list below it, of which the first entry is taken.
    private static string? Value(string[] front, string key)
    {
        int at = Array.FindIndex(front, line => line.StartsWith($"{key}:", StringComparison.Ordinal));
        if (at < 0) return null;
        string value = front[at][(key.Length + 1)..].Trim();
        if (value.Length == 0 && at + 1 < front.Length && front[at + 1].TrimStart() is ['-', ' ', ..] entry) value = entry[2..];
        value = value.Trim(' ', '"', '\'', '[', ']');
        return value.Length > 0 ? value : null;
    }

    private static string? Shown(string? text) => text is null ? null : ParScaleException.Escape(text);

    private static string[] Lines(string path)
    {
        try
        {
            if (!File.Exists(path)) return [];
            using FileStream stream = UnwaitingOpen.Read(path);
            if (!stream.CanSeek) return [];
            var head = new byte[Math.Min(LongestRead, stream.Length)];
            stream.ReadExactly(head);
            return Encoding.UTF8.GetString(head).TrimStart('\uFEFF').Split('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
