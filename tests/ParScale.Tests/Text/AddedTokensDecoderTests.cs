using ParScale.Tests.Checkpoints;
using ParScale.Text;

namespace ParScale.Tests.Text;

/// <summary>Added tokens of tokenizer_config.json, and tokens of inputs that a model of text has no rows for.</summary>
public class AddedTokensDecoderTests
{
    private const string Tool = "<|tool|>";
    private static readonly int Next = TinyTokenizer.VocabularySize;

    [Fact]
    public void A_token_that_tokenizer_json_lacks_is_added_under_the_next_id()
    {
        Tokenizer tokenizer = Load($$"""{"{{Next}}":{"content":"{{Tool}}","special":true},"{{Next + 1}}":{"content":"<x>","special":false,"normalized":false} }""");
        Assert.Equal(Next + 2, tokenizer.VocabularySize);
        Assert.Equal([Next], tokenizer.Encode(Tool, parseSpecial: true));
        Assert.DoesNotContain(Next, tokenizer.Encode(Tool));
        Assert.Equal([Next + 1], tokenizer.Encode("<x>"));
        Assert.Contains($"adds \"{Tool}\", \"<x>\"", Assert.Single(tokenizer.Notices), StringComparison.Ordinal);
    }

    [Fact]
    public void A_word_of_the_vocabulary_becomes_an_added_token_with_its_own_id()
    {
        var plain = new TinyTokenizer();
        int hello = plain.Load().IdOf("hello")!.Value;
        Tokenizer tokenizer = Load($$"""{"{{hello}}":{"content":"hello","special":true} }""");
        Assert.True(tokenizer.IsSpecial(hello));
        Assert.DoesNotContain(hello, tokenizer.Encode("hello"));
        Assert.Equal([hello], tokenizer.Encode("hello", parseSpecial: true));
        Assert.Contains("adds \"hello\"", Assert.Single(tokenizer.Notices), StringComparison.Ordinal);
    }

    [Fact]
    public void Flags_hold_where_both_files_have_the_token()
    {
        string end = TinyTokenizer.EndOfTextName;
        Tokenizer same = Load($$"""{"{{TinyTokenizer.EndOfText}}":{"content":"{{end}}","lstrip":false,"normalized":false,"rstrip":false,"single_word":false,"special":true} }""");
        Assert.Empty(same.Notices);
        Tokenizer changed = Load($$"""{"{{TinyTokenizer.EndOfText}}":{"content":"{{end}}","rstrip":true,"normalized":false,"special":true} }""");
        Assert.Equal([TinyTokenizer.EndOfText], changed.Encode(end + "  ", parseSpecial: true));
        Assert.Contains($"hold for \"{end}\"", Assert.Single(changed.Notices), StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_that_the_file_names_as_a_special_one_is_special() =>
        Assert.True(Load($$"""{"{{Next}}":{"content":"<end>","special":false} }""", "\"eos_token\":\"<end>\"").IsSpecial(Next));

    [Fact]
    public void Ids_of_tokenizer_json_hold()
    {
        Tokenizer tokenizer = Load($$"""{"7":{"content":"{{TinyTokenizer.EndOfTextName}}","normalized":false,"special":true} }""");
        Assert.Equal(TinyTokenizer.EndOfText, tokenizer.IdOf(TinyTokenizer.EndOfTextName));
        Assert.Contains($"({TinyTokenizer.EndOfText}, not 7)", Assert.Single(tokenizer.Notices), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TK-05", """{"4000":{"content":"<x>"}}""", "next free id is 275")]
    [InlineData("TK-05", """{"x":{"content":"<x>"}}""", "is no id")]
    [InlineData("TK-08", """{"275":{"content":""}}""", "content")]
    [InlineData("TK-08", """{"64":{"content":"a","special":true}}""", "letter of ordinary text")]
    [InlineData("TK-02", """{"275":{"content":"<x>","weight":1}}""", "weight")]
    [InlineData("TK-08", "[]", "added_tokens_decoder")]
    public void What_cannot_be_added_is_refused_by_name(string code, string decoder, string named) =>
        BadInput.Expect(code, () => Load(decoder), "tokenizer_config.json", named);

    [Fact]
    public void A_token_for_pictures_without_a_row_is_left_out_and_any_other_is_refused()
    {
        var tiny = new TinyTokenizer();
        int image = tiny.Add("<image_soft_token>", special: true);
        using var folder = new TempFolder();
        folder.Write("tokenizer.json", tiny.Root.ToJsonString());
        Tokenizer text = Tokenizer.Load(folder.Path, image);
        Assert.Equal(image, text.VocabularySize);
        Assert.Equal("<image_soft_token>", text.Decode(text.Encode("<image_soft_token>", parseSpecial: true)));
        Assert.Contains("\"<image_soft_token>\" left out", Assert.Single(text.Notices), StringComparison.Ordinal);
        Assert.Equal([image], Tokenizer.Load(folder.Path, image + 1).Encode("<image_soft_token>", parseSpecial: true));
        BadInput.Expect("TK-05", () => Tokenizer.Load(folder.Path, image - 1), TinyTokenizer.EndOfTextName);
        // Angle brackets are escaped in that text.
        folder.Write("tokenizer.json", tiny.Root.ToJsonString().Replace("image_soft_token", "img", StringComparison.Ordinal));
        BadInput.Expect("TK-05", () => Tokenizer.Load(folder.Path, image), "<img>");
        folder.Write("tokenizer_config.json", "{\"image_token\":{\"content\":\"<img>\"}}");
        Assert.Equal(image, Tokenizer.Load(folder.Path, image).VocabularySize);
    }

    [Theory]
    [InlineData("""{"type":"BertProcessing","sep":["<s>",275],"cls":["<|endoftext|>",274]}""")]
    [InlineData("""{"type":"RobertaProcessing","sep":["<s>",275],"cls":["<|endoftext|>",274],"trim_offsets":true,"add_prefix_space":false}""")]
    [InlineData("""{"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"BertProcessing","sep":["<s>",275],"cls":["<|endoftext|>",274]}]}""")]
    public void Processors_of_encoders_put_their_tokens_around_a_text(string processor)
    {
        Assert.Equal(275, Next);
        Tokenizer tokenizer = TinyTokenizer.With(tiny =>
        {
            tiny.Add("<s>", special: true);
            tiny.Root["post_processor"] = System.Text.Json.Nodes.JsonNode.Parse(processor);
        });
        Assert.Equal([274, .. tokenizer.Encode("hello"), 275], tokenizer.Encode("hello", addSpecial: true));
    }

    [Theory]
    [InlineData("TK-05", """{"type":"BertProcessing","sep":["<s>",9],"cls":["<|endoftext|>",274]}""", "9 is not the id")]
    [InlineData("TK-02", """{"type":"RobertaProcessing","cls":["<|endoftext|>",274]}""", "needs cls and sep")]
    [InlineData("TK-02", """{"type":"BertProcessing","sep":["<s>"],"cls":["<|endoftext|>",274]}""", "sep")]
    public void Processors_with_other_tokens_are_refused(string code, string processor, string named) => BadInput.Expect(code, () => TinyTokenizer.With(tiny =>
    {
        tiny.Add("<s>", special: true);
        tiny.Root["post_processor"] = System.Text.Json.Nodes.JsonNode.Parse(processor);
    }), "post_processor", named);

    private static Tokenizer Load(string decoder, string more = "\"x\":1")
    {
        using var folder = new TempFolder();
        folder.Write("tokenizer.json", new TinyTokenizer().Root.ToJsonString());
        folder.Write("tokenizer_config.json", $"{{\"added_tokens_decoder\":{decoder},{more}}}");
        return Tokenizer.Load(folder.Path);
    }
}
