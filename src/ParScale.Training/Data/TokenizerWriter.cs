using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Files;
using ParScale.Text.PreTokenizers;

namespace ParScale.Training.Data;

/// <summary>Writes a vocabulary as <c>tokenizer.json</c> and <c>tokenizer_config.json</c> in the form of Qwen2's own files.</summary>
internal static class TokenizerWriter
{
    /// <summary>The one special token. It has the highest id.</summary>
    public const string EndOfText = "<|endoftext|>";

    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes both files. <paramref name="unknown"/> is the token that bytes without one are read as; null when all have one.</summary>
    public static void Write(string folder, BpeVocabulary vocabulary, string? unknown = null)
    {
        Directory.CreateDirectory(folder);
        DurableFile.WriteText(Path.Combine(folder, "tokenizer_config.json"), TokenizerConfig(vocabulary).ToJsonString(Readable) + "\n");
        DurableFile.WriteText(Path.Combine(folder, "tokenizer.json"), Tokenizer(vocabulary, unknown).ToJsonString(Readable) + "\n");
    }

    private static JsonObject Tokenizer(BpeVocabulary vocabulary, string? unknown) => new()
    {
        ["version"] = "1.0",
        ["truncation"] = null,
        ["padding"] = null,
        ["added_tokens"] = new JsonArray(AddedToken(vocabulary.Tokens.Count)),
        ["normalizer"] = new JsonObject { ["type"] = "NFC" },
        ["pre_tokenizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(Split(), ByteLevel()),
        },
        ["post_processor"] = ByteLevel(),
        ["decoder"] = ByteLevel(),
        ["model"] = Model(vocabulary, unknown),
    };

    private static JsonObject Split() => new()
    {
        ["type"] = "Split",
        ["pattern"] = new JsonObject { ["Regex"] = WordRule.Qwen2Pattern },
        ["behavior"] = "Isolated",
        ["invert"] = false,
    };

    private static JsonObject Model(BpeVocabulary vocabulary, string? unknown)
    {
        var ids = new JsonObject();
        for (int id = 0; id < vocabulary.Tokens.Count; id++) ids[vocabulary.Tokens[id]] = id;
        JsonNode?[] merges = [.. vocabulary.Merges.Select(m => JsonValue.Create($"{m.Left} {m.Right}"))];
        return new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = unknown,
            ["continuing_subword_prefix"] = "",
            ["end_of_word_suffix"] = "",
            ["fuse_unk"] = false,
            ["byte_fallback"] = false,
            ["ignore_merges"] = false,
            ["vocab"] = ids,
            ["merges"] = new JsonArray(merges),
        };
    }

    private static JsonObject ByteLevel() => new()
    {
        ["type"] = "ByteLevel",
        ["add_prefix_space"] = false,
        ["trim_offsets"] = false,
        ["use_regex"] = false,
    };

    private static JsonObject AddedToken(int? id)
    {
        var token = new JsonObject();
        if (id is not null) token["id"] = id;
        token["content"] = EndOfText;
        foreach (string flag in (string[])["single_word", "lstrip", "rstrip", "normalized"]) token[flag] = false;
        token["special"] = true;
        return token;
    }

    private static JsonObject TokenizerConfig(BpeVocabulary vocabulary) => new()
    {
        ["tokenizer_class"] = "Qwen2Tokenizer",
        ["add_prefix_space"] = false,
        ["bos_token"] = null,
        ["eos_token"] = EndOfText,
        ["pad_token"] = EndOfText,
        ["unk_token"] = null,
        ["errors"] = "replace",
        ["split_special_tokens"] = false,
        ["added_tokens_decoder"] = new JsonObject { [$"{vocabulary.Tokens.Count}"] = AddedToken(null) },
    };
}
