using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Text;
using ParScale.Text.Bpe;
using ParScale.Text.PreTokenizers;

namespace ParScale.TestSupport;

/// <summary>A well-formed tokenizer file with the 256 bytes and a handful of merges, to be bent by each test.</summary>
public sealed class TinyTokenizer
{
    public const int Bytes = 256;
    public const string EndOfTextName = "<|endoftext|>";

    private static readonly string[] Merges =
    [
        "t h", "th e", "h e", "l l", "he ll", "hell o", "Ġ w", "Ġw o", "r l", "Ġwo rl", "Ġworl d",
        "a a", "aa aa", "aaaa aaaa", "Ġ Ġ", "ĠĠ ĠĠ", "Ì ģ", "ð Ł",
    ];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private static readonly int[] ByLetter = [.. Enumerable.Range(0, Bytes).OrderBy(value => ByteAlphabet.ToChar((byte)value))];

    public TinyTokenizer()
    {
        var vocabulary = new JsonObject();
        foreach (int value in ByLetter) vocabulary[ByteAlphabet.ToChar((byte)value).ToString()] = vocabulary.Count;
        foreach (string merge in Merges) vocabulary[merge.Replace(" ", "", StringComparison.Ordinal)] = vocabulary.Count;
        Root = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["added_tokens"] = new JsonArray(),
            ["normalizer"] = new JsonObject { ["type"] = "NFC" },
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "Split",
                        ["pattern"] = new JsonObject { ["Regex"] = WordRule.Qwen2Pattern },
                        ["behavior"] = "Isolated",
                        ["invert"] = false,
                    },
                    ByteLevel(addPrefixSpace: false, useRegex: false)),
            },
            ["post_processor"] = ByteLevel(addPrefixSpace: false, useRegex: false),
            ["decoder"] = ByteLevel(addPrefixSpace: false, useRegex: false),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. Merges.Select(merge => JsonValue.Create(merge))]),
            },
        };
        Add(EndOfTextName, special: true);
    }

    public static int EndOfText { get; } = Bytes + Merges.Length;

    public static int VocabularySize { get; } = EndOfText + 1;

    public JsonObject Root { get; }

    public JsonObject Model => Root["model"]!.AsObject();

    public JsonObject Vocabulary => Model["vocab"]!.AsObject();

    public JsonArray MergeList => Model["merges"]!.AsArray();

    public JsonArray AddedTokens => Root["added_tokens"]!.AsArray();

    public static JsonObject ByteLevel(bool addPrefixSpace, bool useRegex) => new()
    {
        ["type"] = "ByteLevel",
        ["add_prefix_space"] = addPrefixSpace,
        ["trim_offsets"] = false,
        ["use_regex"] = useRegex,
    };

    /// <summary>The id of one byte.</summary>
    public static int Id(int value) => Array.IndexOf(ByLetter, value);

    /// <summary>The ids of a text's bytes, as --tokens takes them; no merges.</summary>
    public static string Ids(string text) => string.Join(',', Encoding.UTF8.GetBytes(text).Select(value => Id(value)));

    /// <summary>Writes the file as it is, one key or token a line.</summary>
    public static void Write(string folder) =>
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), new TinyTokenizer().Root.ToJsonString(Indented));

    /// <summary>A tokenizer after a change to its file.</summary>
    public static Tokenizer With(Action<TinyTokenizer> change)
    {
        var tiny = new TinyTokenizer();
        change(tiny);
        return tiny.Load();
    }

    /// <summary>Adds a token with the next free id, which is returned.</summary>
    public int Add(string content, bool special = false, params ReadOnlySpan<string> flags)
    {
        int id = Vocabulary.Count + AddedTokens.Count;
        var token = new JsonObject { ["id"] = id, ["content"] = content, ["special"] = special };
        foreach (string flag in (ReadOnlySpan<string>)["single_word", "lstrip", "rstrip", "normalized"]) token[flag] = flags.Contains(flag);
        AddedTokens.Add(token);
        return id;
    }

    public Tokenizer Load()
    {
        using var folder = new TempFolder();
        folder.Write("tokenizer.json", Root.ToJsonString());
        return Tokenizer.Load(folder.Path);
    }
}
