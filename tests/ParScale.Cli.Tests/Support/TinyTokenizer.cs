using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ParScale.Cli.Tests.Support;

/// <summary>A byte-level tokenizer.json in Qwen2's form: 256 bytes, two merges, one special token.</summary>
internal static class TinyTokenizer
{
    public const int Bytes = 256;
    public const int EndOfText = Bytes + 2;
    public const int VocabularySize = EndOfText + 1;
    public const string EndOfTextName = "<|endoftext|>";

    private static readonly int[] InUsualOrder = [.. Enumerable.Range(0, Bytes).OrderBy(Letter)];

    private const string Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public static void Write(string folder)
    {
        var vocabulary = new JsonObject();
        foreach (int value in InUsualOrder) vocabulary[Letter(value).ToString()] = vocabulary.Count;
        vocabulary["th"] = Bytes;
        vocabulary["the"] = Bytes + 1;
        var root = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray(new JsonObject
            {
                ["id"] = EndOfText,
                ["content"] = EndOfTextName,
                ["single_word"] = false,
                ["lstrip"] = false,
                ["rstrip"] = false,
                ["normalized"] = false,
                ["special"] = true,
            }),
            ["normalizer"] = new JsonObject { ["type"] = "NFC" },
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "Split",
                        ["pattern"] = new JsonObject { ["Regex"] = Pattern },
                        ["behavior"] = "Isolated",
                        ["invert"] = false,
                    },
                    ByteLevel()),
            },
            ["post_processor"] = ByteLevel(),
            ["decoder"] = ByteLevel(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = "",
                ["end_of_word_suffix"] = "",
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = false,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray("t h", "th e"),
            },
        };
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), root.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    /// <summary>The ids of a text's bytes, as --tokens takes them; no merges.</summary>
    public static string Ids(string text) => string.Join(',', Encoding.UTF8.GetBytes(text).Select(value => Id(value)));

    /// <summary>The id of one byte.</summary>
    public static int Id(int value) => Array.IndexOf(InUsualOrder, value);

    private static JsonObject ByteLevel() => new()
    {
        ["type"] = "ByteLevel",
        ["add_prefix_space"] = false,
        ["trim_offsets"] = false,
        ["use_regex"] = false,
    };

    // GPT-2's alphabet: printable bytes stand for themselves, the others follow from U+0100 on.
    private static char Letter(int value) =>
        IsPrintable(value) ? (char)value : (char)(0x100 + Enumerable.Range(0, value).Count(b => !IsPrintable(b)));

    private static bool IsPrintable(int value) => value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
}
