using System.Text.Json.Nodes;
using CsCheck;
using ParScale.Tests.Checkpoints;
using ParScale.Text;

namespace ParScale.Tests.Text;

/// <summary>Vocabularies of characters, as SentencePiece makes them. Their ids are held against the reference engine in PipelineVectorTests.</summary>
public class CharacterTokenizerTests
{
    private const string Characters = "characters";
    private static readonly Tokenizer Llama = Load();

    [Theory]
    [InlineData("Hello world")]
    [InlineData(" two  spaces ")]
    [InlineData("\U0001F680 na\u00EFve \u4E2D\n\tx\0")]
    public void Text_comes_back(string text)
    {
        Assert.Equal(text, Llama.Decode(Llama.Encode(text)));
        Assert.Equal(text, Llama.Decode(Llama.Encode(text, addSpecial: true), skipSpecial: true));
    }

    // U+2581 itself stands for a space. Metaspace ("llama2-new") puts no second one before a text that begins with one, so it loses that.
    [Theory]
    [InlineData("llama2")]
    [InlineData("gemma")]
    [InlineData("yi")]
    public void Any_text_comes_back(string pipeline)
    {
        Tokenizer tokenizer = ReferenceVectors.Load(Characters, root => ReferenceVectors.Apply(ReferenceVectors.Pipeline(Characters, pipeline), root));
        TokenizerTests.AnyText.Select(text => text.Replace('\u2581', '_')).Sample(text => tokenizer.Decode(tokenizer.Encode(text)) == text, iter: 1000);
    }

    [Fact]
    public void The_begin_of_text_is_added_only_when_asked_for()
    {
        int begin = Llama.IdOf("<s>")!.Value;
        Assert.Equal([begin, .. Llama.Encode("Hello")], Llama.Encode("Hello", addSpecial: true));
        Assert.Equal([begin], Llama.Encode("", addSpecial: true));
        Assert.Empty(Llama.Encode(""));
    }

    [Fact]
    public void TK12_ordinary_text_never_holds_control_tokens()
    {
        Assert.DoesNotContain(Llama.Encode("<s>Hello</s><unk>"), Llama.IsSpecial);
        Assert.Equal("<s>Hello</s><unk>", Llama.Decode(Llama.Encode("<s>Hello</s><unk>"), skipSpecial: true));
        Assert.Contains(Llama.IdOf("</s>")!.Value, Llama.Encode("Hello</s>", parseSpecial: true));
        BadInput.Expect("TK-08", () => Load(root => root["added_tokens"]!.AsArray().Add(new JsonObject
        {
            ["id"] = root["model"]!["vocab"]!["e"]!.GetValue<int>(),
            ["content"] = "e",
            ["special"] = true,
        })), "added_tokens[5].content");
    }

    [Fact]
    public void A_continuation_keeps_the_space_that_a_text_begins_without()
    {
        int[] ids = Llama.Encode("Hello world");
        int[] rest = [.. ids.SkipWhile((_, i) => Llama.Decode(ids.AsSpan(0, i + 1)).Length <= "Hello".Length)];
        TextStream continued = Llama.CreateStream(continues: true);
        TextStream begun = Llama.CreateStream();
        Assert.Equal(" world", string.Concat(rest.Select(continued.Append)) + continued.Flush());
        Assert.Equal("world", string.Concat(rest.Select(begun.Append)) + begun.Flush());
    }

    [Theory]
    [InlineData("llama2")]
    [InlineData("llama2-new")]
    public void Text_that_continues_has_the_tokens_that_it_has_within_a_text(string pipeline)
    {
        Tokenizer tokenizer = ReferenceVectors.Load(Characters, root => ReferenceVectors.Apply(ReferenceVectors.Pipeline(Characters, pipeline), root));
        // Nothing merges across these borders.
        foreach ((string text, string rest) in (ReadOnlySpan<(string, string)>)[("=", "12 and 3"), ("Hello", " world"), ("1\n", "2"), ("=", "")])
        {
            int[] parts = [.. tokenizer.Encode(text), .. tokenizer.Encode(rest, continues: true)];
            Assert.Equal(tokenizer.Encode(text + rest), parts);
        }
        Assert.NotEqual(tokenizer.Encode("12"), tokenizer.Encode("12", continues: true));
    }

    [Fact]
    public void Bytes_of_a_character_come_out_together_and_broken_ones_one_by_one()
    {
        int[] rocket = [.. new byte[] { 0xF0, 0x9F, 0x9A, 0x80 }.Select(value => Llama.IdOf($"<0x{value:X2}>")!.Value)];
        Assert.Equal("\U0001F680", Llama.Decode(rocket));
        Assert.Equal("\uFFFD\uFFFD\uFFFD", Llama.Decode(rocket.AsSpan(0, 3)));
        TextStream stream = Llama.CreateStream();
        Assert.All(rocket, id => Assert.Equal("", stream.Append(id)));
        Assert.Equal("\U0001F680e", stream.Append(Llama.IdOf("e")!.Value));
        Assert.Equal("", stream.Flush());
    }

    [Fact]
    public void TK06_a_vocabulary_that_leaves_some_text_without_ids_is_refused()
    {
        BadInput.Expect("TK-06", () => Load(root =>
        {
            root["model"]!["vocab"]!.AsObject().Remove("<0xE2>");
            root["model"]!["unk_token"] = null;
        }), "model.vocab", "<0xE2>");
        BadInput.Expect("TK-06", () => Load(root => (root["model"]!["byte_fallback"], root["model"]!["unk_token"]) = (false, null)), "model.vocab");
        BadInput.Expect("TK-06", () => Load(root => (root["model"]!["byte_fallback"], root["model"]!["unk_token"]) = (false, "none")), "model.vocab");
    }

    [Fact]
    public void Tokens_of_bytes_that_are_never_needed_may_be_missing()
    {
        Tokenizer fewer = Load(root => Array.ForEach(["<0x65>", "<0xC0>", "<0xFF>"], token => root["model"]!["vocab"]!.AsObject().Remove(token)));
        Assert.Equal(Llama.Encode("eel \U0001F680"), fewer.Encode("eel \U0001F680"));
    }

    /// <summary>Ways of joining tokens that mean something else than ours would do.</summary>
    public static TheoryData<string, string> Decoders() => new()
    {
        { "null", "missing" },
        { """{"type":"ByteLevel"}""", "ByteLevel" },
        { """{"type":"BPEDecoder"}""", "BPEDecoder" },
        { """{"type":"Sequence","decoders":[]}""", "no steps" },
        { """{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"ByteFallback"}]}""", "decoders[1]" },
        { """{"type":"Sequence","decoders":[{"type":"Strip","content":" ","start":1,"stop":0}]}""", "after Fuse" },
        { """{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":1}]}""", "decoders[1].stop" },
        { """{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Strip","content":" ","start":-1}]}""", "decoders[1].start" },
        { """{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Strip","content":"ab","start":1}]}""", "decoders[1].content" },
        { """{"type":"Sequence","decoders":[{"type":"Fuse","glue":""}]}""", "glue" },
        { """{"type":"Replace","pattern":{"Regex":"a"},"content":""}""", "Regex" },
        { """{"type":"Metaspace","replacement":"_","prepend_scheme":"sometimes"}""", "sometimes" },
    };

    [Theory]
    [MemberData(nameof(Decoders))]
    public void TK02_other_decoders_are_refused_by_name(string decoder, string named) =>
        BadInput.Expect("TK-02", () => Load(root => root["decoder"] = JsonNode.Parse(decoder)), "decoder", named);

    /// <summary>Templates that are not tokens around one text.</summary>
    public static TheoryData<string, string, string> Templates() => new()
    {
        { "TK-02", """{"type":"TemplateProcessing","single":[],"special_tokens":{}}""", "leaves out the text" },
        { "TK-02", """{"type":"TemplateProcessing","single":[{"Sequence":{"id":"B","type_id":0}}],"special_tokens":{}}""", "single[0]" },
        { "TK-02", """{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A"}},{"Sequence":{"id":"A"}}]}""", "single[1]" },
        { "TK-02", """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<x>"}},{"Sequence":{"id":"A"}}],"special_tokens":{}}""", "<x>" },
        { "TK-02", """{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A"}}],"mask":1}""", "mask" },
        { "TK-05", """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}},{"Sequence":{"id":"A"}}],"special_tokens":{"<s>":{"id":"<s>","ids":[2],"tokens":["<s>"]}}}""", "ids[0]" },
        { "TK-05", """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}},{"Sequence":{"id":"A"}}],"special_tokens":{"<s>":{"id":"<s>","ids":[99999]}}}""", "99999" },
    };

    [Theory]
    [MemberData(nameof(Templates))]
    public void Templates_that_are_not_understood_are_refused_by_name(string code, string template, string named) =>
        BadInput.Expect(code, () => Load(root => root["post_processor"] = JsonNode.Parse(template)), "post_processor", named);

    private static Tokenizer Load(Action<JsonNode>? change = null) => ReferenceVectors.Load(Characters, root =>
    {
        ReferenceVectors.Apply(ReferenceVectors.Pipeline(Characters, "llama2"), root);
        change?.Invoke(root);
    });
}
