using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using ParScale.Tests.Checkpoints;
using ParScale.Text;

namespace ParScale.Tests.Text;

public class TokenizerFileTests
{
    /// <summary>Catalogue row, what must be named, and the change that spoils the vocabulary, the merges or the added tokens.</summary>
    public static TheoryData<string, string[], Action<TinyTokenizer>> SpoiledTokens() => new()
    {
        { "TK-01", ["model.vocab"], t => t.Model["vocab"] = new JsonArray() },
        { "TK-01", ["model.merges"], t => t.Model["merges"] = null },
        { "TK-03", ["model.merges[18]", "zebra"], t => t.MergeList.Add("zebra a") },
        { "TK-03", ["model.merges[18]", "xy"], t => t.MergeList.Add("x y") },
        { "TK-03", ["model.merges[18]", "longest"], t => t.MergeList.Add("aaaaaaaa aaaaaaaa") },
        { "TK-04", ["model.merges[18]"], t => t.MergeList.Add("a") },
        { "TK-04", ["model.merges[18]"], t => t.MergeList.Add("a b c") },
        { "TK-04", ["model.merges[18]"], t => t.MergeList.Add(" a") },
        { "TK-04", ["model.merges[18]"], t => t.MergeList.Add(7) },
        { "TK-04", ["model.merges[18]"], t => t.MergeList.Add(new JsonArray("a")) },
        { "TK-04", ["model.merges[18]"], t => t.MergeList.Add(new JsonArray("a", "b", "c")) },
        { "TK-04", ["model.merges[18][1]"], t => t.MergeList.Add(new JsonArray("a", 1)) },
        { "TK-04", ["model.merges[18]"], t => t.MergeList.Add(new JsonArray("a", "")) },
        { "TK-05", ["model.vocab", "hello", "aaaa", "share id"], t => t.Vocabulary["aaaa"] = t.Vocabulary["hello"]!.GetValue<int>() },
        { "TK-05", ["model.vocab", "hello"], t => t.Vocabulary["hello"] = -1 },
        { "TK-05", ["model.vocab", "hello"], t => t.Vocabulary["hello"] = 1.5 },
        { "TK-05", ["model.vocab", "hello"], t => t.Vocabulary["hello"] = "7" },
        { "TK-05", ["model.vocab", "hello"], t => t.Vocabulary["hello"] = null },
        { "TK-05", ["model.vocab", "hello", "1999999"], t => t.Vocabulary["hello"] = 2_000_000 },
        { "TK-05", ["model.vocab", "hello"], t => t.Vocabulary["hello"] = long.MaxValue },
        { "TK-05", ["added_tokens[0].id"], t => t.AddedTokens[0]!["id"] = -1 },
        { "TK-05", ["added_tokens[0].id"], t => t.AddedTokens[0]!["id"] = int.MaxValue },
        { "TK-05", ["added_tokens[0].id"], t => t.AddedTokens[0]!.AsObject().Remove("id") },
        { "TK-05", ["share id"], t => t.AddedTokens[0]!["id"] = 3 },
        { "TK-05", ["added_tokens[1]", "repeats", TinyTokenizer.EndOfTextName], t => t.Add(TinyTokenizer.EndOfTextName) },
        { "TK-05", ["added_tokens[1]", "hello"], t => t.Add("hello") },
        { "TK-06", ["model.vocab", "0x41"], t => t.Vocabulary.Remove("A") },
        { "TK-06", ["model.vocab", "0x00"], t => t.Vocabulary.Remove("Ā") },
        { "TK-06", ["model.vocab", "0x41", "unk_token"], t => WithoutA(t, "<none>") },
        { "TK-06", ["model.vocab", "0x41", "byte_fallback"], t => WithoutA(t, "hello").Model["byte_fallback"] = true },
        { "TK-04", ["model.merges[1]"], t => t.MergeList.Insert(1, "#version: 0.2 ") },
        { "TK-08", ["added_tokens[1].content"], t => t.Add("") },
        { "TK-08", ["added_tokens[1].content", "1048576"], t => t.Add(new string('x', 1 << 20)) },
        { "TK-08", ["added_tokens[1].content"], t => t.Add(new string('x', 1025)) },
        { "TK-08", ["added_tokens[0].content"], t => t.AddedTokens[0]!["content"] = 5 },
        { "TK-08", ["added_tokens[0].lstrip"], t => t.AddedTokens[0]!["lstrip"] = "yes" },
        { "TK-08", ["added_tokens[0].content"], t => t.AddedTokens[0]!["content"] = "A" },
        { "TK-08", ["added_tokens"], t => t.Root["added_tokens"] = new JsonObject() },
        { "TK-02", ["added_tokens[0]"], t => t.AddedTokens[0] = "text" },
    };

    [Theory]
    [MemberData(nameof(SpoiledTokens), DisableDiscoveryEnumeration = true)]
    public void A_spoiled_file_is_refused_by_name(string code, string[] named, Action<TinyTokenizer> spoil) => ExpectRefusal(code, named, spoil);

    internal static void ExpectRefusal(string code, string[] named, Action<TinyTokenizer> spoil)
    {
        var tiny = new TinyTokenizer();
        spoil(tiny);
        ParScaleException error = BadInput.Expect(code, () => tiny.Load(), named);
        Assert.StartsWith("tokenizer.json: ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}{}")]
    [InlineData("\uFEFF{}")]
    [InlineData("{\"version\":\"1.0\",\"version\":\"1.0\"}")]
    [InlineData("{\"version\":\"\\ud800\"}")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("[]", "TK-02")]
    [InlineData("{}", "TK-02")]
    public void TK01_a_file_that_is_no_tokenizer_is_refused(string content, string code = "TK-01")
    {
        using var folder = new TempFolder();
        folder.Write("tokenizer.json", Encoding.UTF8.GetBytes(content));
        BadInput.Expect(code, () => Tokenizer.Load(folder.Path), "tokenizer.json");
    }

    [Fact]
    public void TK01_invalid_utf8_is_refused()
    {
        using var folder = new TempFolder();
        folder.Write("tokenizer.json", [.. "{\"version\":\""u8, 0xFF, .. "\"}"u8]);
        BadInput.Expect("TK-01", () => Tokenizer.Load(folder.Path), "tokenizer.json");
    }

    [Fact]
    public void TK01_every_cut_of_a_good_file_is_refused()
    {
        using var folder = new TempFolder();
        byte[] whole = Encoding.UTF8.GetBytes(new TinyTokenizer().Root.ToJsonString());
        for (int length = 0; length < whole.Length; length += 97)
        {
            folder.Write("tokenizer.json", whole[..length]);
            BadInput.Expect("TK-01", () => Tokenizer.Load(folder.Path));
        }
    }

    [Fact]
    public void Changed_bytes_are_refused_or_harmless()
    {
        byte[] whole = Encoding.UTF8.GetBytes(new TinyTokenizer().Root.ToJsonString());
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte).Array[1, 3].Sample(
            changes =>
            {
                byte[] changed = [.. whole];
                foreach ((int place, byte value) in changes) changed[place] = value;
                using var folder = new TempFolder();
                folder.Write("tokenizer.json", changed);
                try
                {
                    Tokenizer tokenizer = Tokenizer.Load(folder.Path);
                    tokenizer.Decode(tokenizer.Encode("hello world é", parseSpecial: true));
                }
                catch (ParScaleException e)
                {
                    Assert.Equal(ErrorKind.BadInput, e.Kind);
                }
            },
            iter: 2000);
    }

    [Fact]
    public void TK01_a_missing_file_or_folder_is_refused()
    {
        using var folder = new TempFolder();
        BadInput.Expect("TK-01", () => Tokenizer.Load(folder.Path), "tokenizer.json", "missing");
        BadInput.Expect("TK-01", () => Tokenizer.Load(folder.File("nowhere")), "missing");
        Directory.CreateDirectory(folder.File("tokenizer.json"));
        BadInput.Expect("TK-01", () => Tokenizer.Load(folder.Path), "tokenizer.json");
    }

    [Theory]
    [InlineData("tokenizer.model")]
    [InlineData("tekken.json")]
    [InlineData("vocab.json")]
    public void TK01_a_folder_with_another_format_alone_says_how_to_write_the_file(string other)
    {
        using var folder = new TempFolder();
        folder.Write(other, "{}");
        BadInput.Expect("TK-01", () => Tokenizer.Load(folder.Path), "tokenizer.json", other, "save_pretrained");
    }

    [Fact]
    public void TK01_a_device_is_refused_unopened()
    {
        if (!File.Exists("/dev/zero")) Assert.Skip("this system has no /dev/zero");
        using var folder = new TempFolder();
        File.CreateSymbolicLink(folder.File("tokenizer.json"), "/dev/zero");
        BadInput.Expect("TK-01", () => Tokenizer.Load(folder.Path), "device");
    }

    [Fact]
    public void TK01_a_link_to_itself_is_refused()
    {
        using var folder = new TempFolder();
        File.CreateSymbolicLink(folder.File("tokenizer.json"), folder.File("tokenizer.json"));
        BadInput.Expect("TK-01", () => Tokenizer.Load(folder.Path), "tokenizer.json", "link");
    }

    [Fact]
    public void TK01_a_file_over_the_limit_is_refused_unread()
    {
        using var folder = new TempFolder();
        using (FileStream file = File.Create(folder.File("tokenizer.json"))) file.SetLength((256L << 20) + 1);
        BadInput.Expect(ErrorKind.BadInput, "TK-01", () => Tokenizer.Load(folder.Path), allocation: 1 << 20, "268435457");
    }

    [Fact]
    public void Links_to_a_file_are_followed()
    {
        using var folder = new TempFolder();
        folder.Write("blob", new TinyTokenizer().Root.ToJsonString());
        File.CreateSymbolicLink(folder.File("tokenizer.json"), folder.File("blob"));
        Assert.NotEmpty(Tokenizer.Load(folder.Path).Encode("hello"));
    }

    [Theory]
    [InlineData(10_000)]
    [InlineData(130)]
    public void TK13_deep_nesting_is_refused(int depth)
    {
        using var folder = new TempFolder();
        string opening = string.Concat(Enumerable.Repeat("{\"type\":\"Sequence\",\"normalizers\":[", depth / 2));
        string nested = opening + string.Concat(Enumerable.Repeat("]}", depth / 2));
        folder.Write("tokenizer.json", $"{{\"normalizer\":{nested}}}");
        BadInput.Expect("TK-13", () => Tokenizer.Load(folder.Path), "nested");
    }

    [Fact]
    public void Settings_that_change_nothing_are_accepted()
    {
        Tokenizer tiny = TinyTokenizer.With(t =>
        {
            foreach (string key in (string[])["dropout", "continuing_subword_prefix", "fuse_unk"]) t.Model[key] = null;
            t.Model["unk_token"] = TinyTokenizer.EndOfTextName;
            t.Model["end_of_word_suffix"] = "";
            t.Model["byte_fallback"] = true;
            t.Root["truncation"] = new JsonObject();
            t.Root["post_processor"] = null;
            t.AddedTokens[0]!["id"] = 1_999_999;
        });
        Assert.Equal(2_000_000, tiny.VocabularySize);
        Assert.Equal("", tiny.Decode([1_999_998]));
    }

    [Fact]
    public void A_list_of_normalizers_means_what_its_steps_mean()
    {
        JsonObject nested = Sequence();
        nested["normalizers"] = new JsonArray(Sequence("NFC"), Sequence());
        foreach ((JsonObject normalizer, bool composes) in ((JsonObject, bool)[])[(Sequence("NFC"), true), (Sequence(), false), (nested, true)])
        {
            Tokenizer tiny = TinyTokenizer.With(t => t.Root["normalizer"] = normalizer);
            Assert.Equal(composes ? "\u00e9" : "e\u0301", tiny.Decode(tiny.Encode("e\u0301")));
        }
    }

    [Fact]
    public void The_version_line_of_a_merges_file_may_come_first()
    {
        Tokenizer tiny = TinyTokenizer.With(t => t.MergeList.Insert(0, "#version: 0.2"));
        Assert.Equal(new TinyTokenizer().Load().Fingerprint, tiny.Fingerprint);
    }

    [Theory]
    [InlineData(false, "aAAb", "a??b")]
    [InlineData(true, "aAAb", "a?b")]
    [InlineData(true, "AAaA?A", "?a???")]
    [InlineData(true, "bb", "bb")]
    public void TK06_bytes_without_a_token_take_the_unknown_one(bool fuse, string text, string expected)
    {
        Tokenizer tiny = TinyTokenizer.With(t => WithoutA(t, "?").Model["fuse_unk"] = fuse);
        Assert.Equal(expected, tiny.Decode(tiny.Encode(text)));
        Assert.Contains("without a token: 1 of 256", Assert.Single(tiny.Notices), StringComparison.Ordinal);
        Assert.Empty(tiny.SelfTest());
    }

    [Fact]
    public void Truncation_and_padding_are_ignored_with_one_notice()
    {
        Tokenizer tiny = TinyTokenizer.With(t =>
        {
            t.Root["truncation"] = new JsonObject { ["max_length"] = 1, ["strategy"] = "LongestFirst", ["stride"] = 0 };
            t.Root["padding"] = new JsonObject { ["pad_id"] = 0 };
        });
        Assert.Equal(2, tiny.Encode("hello world").Length);
        Assert.Contains("truncation and padding", Assert.Single(tiny.Notices), StringComparison.Ordinal);
        Assert.Empty(new TinyTokenizer().Load().Notices);
    }

    private static TinyTokenizer WithoutA(TinyTokenizer tiny, string unknown)
    {
        tiny.Vocabulary.Remove("A");
        tiny.Model["unk_token"] = unknown;
        return tiny;
    }

    private static JsonObject Sequence(params ReadOnlySpan<string> types)
    {
        var steps = new JsonArray();
        foreach (string type in types) steps.Add(new JsonObject { ["type"] = type });
        return new JsonObject { ["type"] = "Sequence", ["normalizers"] = steps };
    }
}
