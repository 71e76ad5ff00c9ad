using System.Text;
using CsCheck;
using ParScale.Tests.Checkpoints;
using ParScale.Text;
using ParScale.Text.Bpe;

namespace ParScale.Tests.Text;

public class TokenizerTests
{
    private static readonly Tokenizer Tiny = new TinyTokenizer().Load();

    /// <summary>Any text at all, with much of what is hard: marks, astral letters, white space, pieces of the merges.</summary>
    internal static readonly Gen<string> AnyText = Gen.OneOf(
        Gen.Int[0, 0x10FFFF].Where(value => value is < 0xD800 or > 0xDFFF).Select(char.ConvertFromUtf32),
        Gen.OneOf(" ", "\r", "\n", "'s", "'ſ", "hello", " world", "aaaa", "\u0301", "\u0323", "𝐀", "𠀀",
            "𞤀", "1", "²", TinyTokenizer.EndOfTextName))
        .Array[0, 40].Select(parts => string.Concat(parts));

    private static int Id(string token) => Tiny.IdOf(token) ?? throw new ArgumentException($"no token {token}");

    [Theory]
    [InlineData("hello world", "hello", "Ġworld")]
    [InlineData("hell world", "hell", "Ġworld")]
    [InlineData("hello  world", "hello", "Ġ", "Ġworld")]
    [InlineData("aaaaaaaaaaa", "aaaaaaaa", "aa", "a")]
    [InlineData("", new string[0])]
    [InlineData("\0", "Ā")]
    [InlineData("e\u0301", "Ã", "©")]
    public void Encode_gives_the_tokens_of_the_merges(string text, params string[] tokens) =>
        Assert.Equal(tokens.Select(Id), Tiny.Encode(text));

    [Fact]
    public void Text_comes_back_composed() => AnyText.Sample(text => Tiny.Decode(Tiny.Encode(text)) == TextCleaner.Compose(text));

    [Fact]
    public void Without_a_normalizer_text_comes_back_as_it_was()
    {
        Tokenizer plain = TinyTokenizer.With(tiny => tiny.Root["normalizer"] = null);
        AnyText.Sample(text => plain.Decode(plain.Encode(text)) == text);
    }

    [Fact]
    public void Merges_as_pairs_mean_the_same()
    {
        Tokenizer pairs = TinyTokenizer.With(tiny =>
        {
            string[][] parts = [.. tiny.MergeList.Select(merge => merge!.GetValue<string>().Split(' '))];
            tiny.MergeList.Clear();
            foreach (string[] part in parts) tiny.MergeList.Add(new System.Text.Json.Nodes.JsonArray(part[0], part[1]));
        });
        Assert.Equal(Tiny.Encode("hello world aaaa"), pairs.Encode("hello world aaaa"));
        Assert.Equal(Tiny.Fingerprint, pairs.Fingerprint);
    }

    [Theory]
    [InlineData("hello", " hello")]
    [InlineData(" hello", " hello")]
    [InlineData("\nhello", " \nhello")]
    [InlineData("", "")]
    public void A_prefix_space_is_added_where_the_file_asks_for_it(string text, string expected)
    {
        Tokenizer prefixing = TinyTokenizer.With(tiny =>
            tiny.Root["pre_tokenizer"] = TinyTokenizer.ByteLevel(addPrefixSpace: true, useRegex: true));
        Assert.Equal(expected, prefixing.Decode(prefixing.Encode(text)));
    }

    // Attributes cannot hold lone surrogates, so these stand in a method.
    [Fact]
    public void TK11_odd_text_is_replaced_and_never_thrown()
    {
        (string Text, string Expected)[] known =
        [
            ("\uD800", "\uFFFD"), ("a\uDC00b", "a\uFFFDb"), ("\uD83D\uD83D\uDE80", "\uFFFD🚀"),
            ("a\0b\uFFFE\uFFFF", "a\0b\uFFFE\uFFFF"),
        ];
        foreach ((string text, string expected) in known)
            Assert.Equal(expected, Tiny.Decode(Tiny.Encode(text)));
        Gen.Char[char.MinValue, char.MaxValue].Array[0, 20].Sample(units =>
        {
            string text = new(units);
            return Tiny.Decode(Tiny.Encode(text)) == TextCleaner.Compose(TextCleaner.ReplaceLoneSurrogates(text));
        });
    }

    [Theory]
    [InlineData(new byte[] { 0xFF }, "\uFFFD")]
    [InlineData(new byte[] { 0xE2, 0x82, (byte)'a' }, "\uFFFDa")]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 }, "\uFFFD\uFFFD\uFFFD")]
    [InlineData(new byte[] { 0xF0, 0x9F, 0x98, 0xF0, 0x9F, 0x98, 0x80 }, "\uFFFD😀")]
    [InlineData(new byte[] { 0xC0, 0x80, 0xF4, 0x90 }, "\uFFFD\uFFFD\uFFFD\uFFFD")]
    public void Bytes_that_are_no_text_become_replacement_characters(byte[] bytes, string expected) =>
        Assert.Equal(expected, Tiny.Decode([.. bytes.Select(value => Id(ByteAlphabet.ToChar(value).ToString()))]));

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void Ids_of_no_token_are_refused(int id)
    {
        var error = Assert.Throws<ParScaleException>(() => Tiny.Decode([0, id]));
        Assert.Equal("TK-14", error.Code);
        Assert.Equal(ErrorKind.Usage, error.Kind);
        Assert.Contains(id.ToString(System.Globalization.CultureInfo.InvariantCulture), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TK05_a_model_with_too_few_rows_is_refused()
    {
        using var folder = new TempFolder();
        folder.Write("tokenizer.json", new TinyTokenizer().Root.ToJsonString());
        Assert.Equal(Tiny.VocabularySize, Tokenizer.Load(folder.Path, Tiny.VocabularySize).VocabularySize);
        BadInput.Expect("TK-05", () => Tokenizer.Load(folder.Path, Tiny.VocabularySize - 1), "tokenizer.json", TinyTokenizer.EndOfTextName);
    }

    [Fact]
    public void TK14_rows_that_pad_the_embedding_decode_to_nothing_and_ids_beyond_it_are_refused()
    {
        using var folder = new TempFolder();
        folder.Write("tokenizer.json", new TinyTokenizer().Root.ToJsonString());
        int rows = Tiny.VocabularySize + 3;
        Tokenizer padded = Tokenizer.Load(folder.Path, rows);
        Assert.Equal("hello", padded.Decode([rows - 1, Id("hello"), rows - 3]));
        Assert.Equal("", padded.CreateStream().Append(rows - 1));
        var error = Assert.Throws<ParScaleException>(() => padded.Decode([rows]));
        Assert.Equal("TK-14", error.Code);
        Assert.Contains($"0 to {rows - 1}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TK09_swapped_ids_change_the_fingerprint_and_are_reported()
    {
        Tokenizer swapped = TinyTokenizer.With(tiny =>
        {
            (int a, int b) = (tiny.Vocabulary["hello"]!.GetValue<int>(), tiny.Vocabulary["Ġworld"]!.GetValue<int>());
            (tiny.Vocabulary["hello"], tiny.Vocabulary["Ġworld"]) = (b, a);
        });
        Assert.Empty(Tiny.SelfTest());
        Assert.Equal(64, Tiny.Fingerprint.Length);
        Assert.NotEqual(Tiny.Fingerprint, swapped.Fingerprint);
        Assert.Contains("Ġw", Assert.Single(swapped.SelfTest()), StringComparison.Ordinal);
    }

    [Fact]
    public void TK09_swapped_bytes_are_reported()
    {
        Tokenizer swapped = TinyTokenizer.With(tiny =>
        {
            (int b, int x) = (tiny.Vocabulary["b"]!.GetValue<int>(), tiny.Vocabulary["x"]!.GetValue<int>());
            (tiny.Vocabulary["x"], tiny.Vocabulary["b"]) = (b, x);
        });
        Assert.Single(swapped.SelfTest());
    }

    [Fact]
    public void TK09_a_vocabulary_that_numbers_bytes_by_value_is_as_good_and_a_swap_in_it_is_reported()
    {
        static void ByValue(TinyTokenizer tiny)
        {
            for (int value = 0; value < 256; value++) tiny.Vocabulary[ByteAlphabet.ToChar((byte)value).ToString()] = value;
        }

        Assert.Empty(TinyTokenizer.With(ByValue).SelfTest());
        Tokenizer swapped = TinyTokenizer.With(tiny =>
        {
            ByValue(tiny);
            (tiny.Vocabulary["a"], tiny.Vocabulary["b"]) = (98, 97);
        });
        Assert.Contains("once, at \"b\" (97)", Assert.Single(swapped.SelfTest()), StringComparison.Ordinal);
    }

    [Fact]
    public void The_fingerprint_does_not_depend_on_the_order_of_keys()
    {
        Tokenizer reordered = TinyTokenizer.With(tiny =>
        {
            KeyValuePair<string, System.Text.Json.Nodes.JsonNode?>[] entries = [.. tiny.Vocabulary.Reverse()];
            tiny.Vocabulary.Clear();
            foreach ((string token, System.Text.Json.Nodes.JsonNode? id) in entries) tiny.Vocabulary[token] = id;
        });
        Assert.Equal(Tiny.Fingerprint, reordered.Fingerprint);
    }

    [Fact]
    public void Many_threads_get_the_same_ids()
    {
        string text = string.Concat(Enumerable.Range(0, 200).Select(i => $"hello world {i} aaaa é\n"));
        int[] expected = Tiny.Encode(text);
        Parallel.For(0, 32, _ =>
        {
            Assert.Equal(expected, Tiny.Encode(text));
            Assert.Equal(Encoding.UTF8.GetByteCount(text), Encoding.UTF8.GetByteCount(Tiny.Decode(expected)));
        });
    }
}
