using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Text;

namespace ParScale.Tests.Support;

/// <summary>What the reference engine (Hugging Face tokenizers) made of texts and ids; <c>scripts/tokenizer-vectors</c> wrote it down.</summary>
internal static class ReferenceVectors
{
    /// <summary>The folder of a vocabulary that was trained on our own text, with the vectors beside it.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Fixtures", "tokenizers");

    /// <summary>The root of a file of vectors.</summary>
    public static JsonElement Read(string name) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, name))).RootElement;

    /// <summary>A vector's text; texts with half a surrogate pair, which JSON cannot hold, are lists of UTF-16 units.</summary>
    public static string Text(JsonElement vector) => vector.TryGetProperty("text", out JsonElement text)
        ? text.GetString() ?? ""
        : new string([.. vector.GetProperty("units").EnumerateArray().Select(unit => (char)unit.GetInt32())]);

    /// <summary>A vector's token ids.</summary>
    public static int[] Ids(JsonElement vector) => Numbers(vector.GetProperty("ids"));

    /// <summary>An array of whole numbers.</summary>
    public static int[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(number => number.GetInt32())];

    /// <summary>The text of a vector's ids: the text itself unless the vector says otherwise.</summary>
    public static string Decoded(JsonElement vector) =>
        vector.TryGetProperty("decoded", out JsonElement decoded) ? decoded.GetString() ?? "" : Text(vector);

    /// <summary>The tokenizer of a vocabulary after a change to its file.</summary>
    /// <param name="vocabulary">Its folder beneath <see cref="Folder"/>: empty for the one of bytes, or <c>characters</c>.</param>
    /// <param name="change">Changes the root of tokenizer.json.</param>
    public static Tokenizer Load(string vocabulary, Action<JsonNode> change)
    {
        JsonNode root = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, vocabulary, "tokenizer.json")))!;
        change(root);
        using var folder = new TempFolder();
        folder.Write("tokenizer.json", root.ToJsonString());
        return Tokenizer.Load(folder.Path);
    }

    /// <summary>Puts the parts of one of the pipelines in a file of vectors into the root of tokenizer.json.</summary>
    public static void Apply(JsonElement pipeline, JsonNode root)
    {
        foreach (JsonProperty part in pipeline.GetProperty("parts").EnumerateObject())
        {
            if (part.Name == "without")
            {
                foreach (JsonElement token in part.Value.EnumerateArray()) Rename(root["model"]!["vocab"]!.AsObject(), token.GetString() ?? "");
                continue;
            }
            bool isModel = part.Name is "ignore_merges" or "byte_fallback" or "fuse_unk";
            (isModel ? root["model"]! : root)[part.Name] = JsonNode.Parse(part.Value.GetRawText());
        }
    }

    /// <summary>One of the pipelines that stand beside a vocabulary, by name.</summary>
    public static JsonElement Pipeline(string vocabulary, string name) => Read(Path.Combine(vocabulary, "pipelines.json"))
        .GetProperty("pipelines").EnumerateArray().Single(pipeline => pipeline.GetProperty("name").GetString() == name);

    // A token that no text has any more.
    private static void Rename(JsonObject vocabulary, string token)
    {
        vocabulary[$"\uF8FF{token}"] = vocabulary[token]!.GetValue<int>();
        vocabulary.Remove(token);
    }
}
