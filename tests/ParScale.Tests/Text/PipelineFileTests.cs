using System.Text.Json.Nodes;

namespace ParScale.Tests.Text;

/// <summary>The parts of a tokenizer file around its vocabulary: what is not understood is refused by name.</summary>
public class PipelineFileTests
{
    /// <summary>Catalogue row, what must be named, and the change that spoils the file.</summary>
    public static TheoryData<string, string[], Action<TinyTokenizer>> Spoiled() => new()
    {
        { "TK-02", ["version", "2.0"], t => t.Root["version"] = "2.0" },
        { "TK-02", ["\\u001b[31m"], t => t.Root["\u001b[31m"] = 1 },
        { "TK-02", ["model.type", "Unigram", "as in T5", "Llama"], t => t.Model["type"] = "Unigram" },
        { "TK-02", ["model:", "must be an object"], t => t.Root["model"] = new JsonArray() },
        { "TK-02", ["model:", "gamma"], t => t.Model["gamma"] = 1 },
        { "TK-02", ["model.dropout"], t => t.Model["dropout"] = 0.1 },
        { "TK-02", ["model.continuing_subword_prefix", "as in BERT"], t => t.Model["continuing_subword_prefix"] = "##" },
        { "TK-02", ["model.end_of_word_suffix", "as in CLIP"], t => t.Model["end_of_word_suffix"] = "</w>" },
        { "TK-02", ["model.ignore_merges"], t => t.Model["ignore_merges"] = "yes" },
        { "TK-02", ["model.dropout"], t => t.Model["dropout"] = "0" },
        { "TK-02", ["post_processor.processors", "array"], t => t.Root["post_processor"] = new JsonObject { ["type"] = "Sequence" } },
        { "TK-02", ["model.type"], t => { t.Model.Remove("type"); t.Model["merges"] = null; } },
        { "TK-02", ["model.byte_fallback"], t => t.Model["byte_fallback"] = "yes" },
        { "TK-02", ["normalizer", "Precompiled", "as in T5"], t => t.Root["normalizer"]!["type"] = "Precompiled" },
        { "TK-02", ["normalizer", "form"], t => t.Root["normalizer"]!["form"] = "C" },
        { "TK-07", ["normalizer.pattern.Regex", "^a"], t => t.Root["normalizer"] = Replace("Regex", "^a") },
        { "TK-02", ["normalizer.strip_left"], t => t.Root["normalizer"] = new JsonObject { ["type"] = "Strip", ["strip_left"] = 1 } },
        { "TK-02", ["normalizer.pattern.String", "empty"], t => t.Root["normalizer"] = Replace("String", "") },
        { "TK-02", ["normalizer", "must be an object"], t => t.Root["normalizer"] = "NFC" },
        { "TK-02", ["normalizer.normalizers", "array"], t => t.Root["normalizer"] = new JsonObject { ["type"] = "Sequence" } },
        { "TK-02", ["normalizer.normalizers[1]", "Lowercase"], t => t.Root["normalizer"] = Sequence("NFC", "Lowercase") },
        { "TK-02", ["pre_tokenizer", "Whitespace"], t => t.Root["pre_tokenizer"]!["type"] = "Whitespace" },
        { "TK-02", ["decoder", "ByteLevel"], t => t.Root["pre_tokenizer"] = null },
        { "TK-02", ["pre_tokenizer.pretokenizers", "array"], t => t.Root["pre_tokenizer"]!["pretokenizers"] = 4 },
        { "TK-02", ["pre_tokenizer.pretokenizers[1]", "add_prefix_space"], t => Step(t, 1)["type"] = "Punctuation" },
        { "TK-02", ["pre_tokenizer.pretokenizers[1]", "BertPreTokenizer", "as in BERT"], t => Step(t, 1)["type"] = "BertPreTokenizer" },
        { "TK-02", ["pretokenizers[2]", "ByteLevel", "after ByteLevel"], t => Steps(t).Add(TinyTokenizer.ByteLevel(false, false)) },
        { "TK-02", ["pretokenizers[2]", "Metaspace", "after ByteLevel"], t => Steps(t).Add(Metaspace("first", true)) },
        { "TK-02", ["pretokenizers[1].use_regex"], t => Step(t, 1)["use_regex"] = 1 },
        { "TK-02", ["pretokenizers[1]", "prefix"], t => Step(t, 1)["prefix"] = " " },
        { "TK-02", ["pretokenizers[0].behavior", "Glued"], t => Step(t, 0)["behavior"] = "Glued" },
        { "TK-02", ["pretokenizers[0].behavior", "isolated"], t => Step(t, 0)["behavior"] = "isolated" },
        { "TK-02", ["pretokenizers[0].behavior"], t => Step(t, 0)["behavior"] = "1" },
        { "TK-02", ["pretokenizers[0].invert"], t => Step(t, 0)["invert"] = "no" },
        { "TK-02", ["pretokenizers[0].pattern.String", "empty"], t => Step(t, 0)["pattern"] = new JsonObject() },
        { "TK-02", ["pretokenizers[0].pattern", "both"], t => Step(t, 0)["pattern"]!["String"] = " " },
        { "TK-02", ["pretokenizers[0].individual_digits"], t => Steps(t)[0] = new JsonObject { ["type"] = "Digits", ["individual_digits"] = 1 } },
        { "TK-02", ["pretokenizers[0].replacement"], t => Steps(t)[0] = new JsonObject { ["type"] = "Metaspace", ["replacement"] = "__" } },
        { "TK-02", ["pretokenizers[0].prepend_scheme", "last"], t => Steps(t)[0] = Metaspace("last", true) },
        { "TK-02", ["pretokenizers[0].prepend_scheme", "first"], t => Steps(t)[0] = Metaspace("first", false) },
        { "TK-02", ["post_processor", "BertProcessing"], t => t.Root["post_processor"]!["type"] = "BertProcessing" },
        { "TK-02", ["post_processor.single", "array"], t => t.Root["post_processor"] = new JsonObject { ["type"] = "TemplateProcessing" } },
        { "TK-02", ["decoder", "missing"], t => t.Root["decoder"] = null },
        { "TK-02", ["decoder.decoders[0]", "Fuse"], t => t.Root["decoder"] = Decoders("Fuse") },
        { "TK-02", ["decoder", "Sequence"], t => t.Root["decoder"] = Decoders() },
        { "TK-02", ["decoder.decoders[0]", "ByteLevel"], t => t.Root["decoder"] = Decoders("ByteLevel", "ByteLevel") },
        { "TK-02", ["decoder", "gain"], t => t.Root["decoder"]!["gain"] = 1 },
        { "TK-02", ["decoder", "WordPiece"], t => t.Root["decoder"]!["type"] = "WordPiece" },
        { "TK-07", ["pretokenizers[0].pattern.Regex", "(a+)+$"], t => Step(t, 0)["pattern"]!["Regex"] = "(a+)+$" },
    };

    [Theory]
    [MemberData(nameof(Spoiled), DisableDiscoveryEnumeration = true)]
    public void A_spoiled_file_is_refused_by_name(string code, string[] named, Action<TinyTokenizer> spoil) =>
        TokenizerFileTests.ExpectRefusal(code, named, spoil);

    private static JsonArray Steps(TinyTokenizer tiny) => tiny.Root["pre_tokenizer"]!["pretokenizers"]!.AsArray();

    private static JsonObject Step(TinyTokenizer tiny, int index) => Steps(tiny)[index]!.AsObject();

    private static JsonObject Sequence(params ReadOnlySpan<string> types) => Typed("Sequence", "normalizers", types);

    private static JsonObject Decoders(params ReadOnlySpan<string> types) => Typed("Sequence", "decoders", types);

    private static JsonObject Typed(string type, string key, params ReadOnlySpan<string> types)
    {
        var steps = new JsonArray();
        foreach (string step in types) steps.Add(new JsonObject { ["type"] = step });
        return new JsonObject { ["type"] = type, [key] = steps };
    }

    private static JsonObject Replace(string kind, string pattern) =>
        new() { ["type"] = "Replace", ["pattern"] = new JsonObject { [kind] = pattern }, ["content"] = "b" };

    [Fact]
    public void TK08_an_added_token_that_the_normalizer_leaves_nothing_of_is_refused() => TokenizerFileTests.ExpectRefusal(
        "TK-08", ["added_tokens[1].content", "normalizer"], t =>
        {
            t.Root["normalizer"] = new JsonObject { ["type"] = "Strip", ["strip_left"] = true, ["strip_right"] = true };
            t.Add(" \n", special: false, "normalized");
        });

    private static JsonObject Metaspace(string scheme, bool addsSpace) =>
        new() { ["type"] = "Metaspace", ["replacement"] = "_", ["prepend_scheme"] = scheme, ["add_prefix_space"] = addsSpace };
}
