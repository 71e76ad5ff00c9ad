using System.Text.Json.Nodes;
using ParScale.Text;

namespace ParScale.Tests.Text;

/// <summary>A well-formed tokenizer file with the 256 bytes and a handful of merges, to be bent by each test.</summary>
public sealed class TinyTokenizer
{
    public const string EndOfText = "<|end|>";

    private static readonly string[] Merges =
    [
        "h e", "l l", "he ll", "hell o", "Ġ w", "Ġw o", "r l", "Ġwo rl", "Ġworl d",
        "a a", "aa aa", "aaaa aaaa", "Ġ Ġ", "ĠĠ ĠĠ", "Ì ģ", "ð Ł",
    ];

    public TinyTokenizer()
    {
        var vocabulary = new JsonObject();
        foreach (char character in Enumerable.Range(0, 256).Select(value => ByteAlphabet.ToChar((byte)value)).Order())
            vocabulary[character.ToString()] = vocabulary.Count;
        foreach (string merge in Merges) vocabulary[merge.Replace(" ", "", StringComparison.Ordinal)] = vocabulary.Count;
        Root = new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(),
            ["normalizer"] = new JsonObject { ["type"] = "NFC" },
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "Split",
                        ["pattern"] = new JsonObject { ["Regex"] = WordSplitter.Qwen2Pattern },
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
        Add(EndOfText, special: true);
    }

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
