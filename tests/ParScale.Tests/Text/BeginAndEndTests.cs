using System.Text.Json.Nodes;
using ParScale.Tests.Checkpoints;
using ParScale.Text;

namespace ParScale.Tests.Text;

/// <summary>The tokens around a text: what tokenizer.json and tokenizer_config.json say of them together.</summary>
public class BeginAndEndTests
{
    private const string Begin = "<s>";
    private const string End = "</s>";

    // The template of tokenizer.json, the configuration, and what is put around a text.
    [Theory]
    [InlineData("bos", null, "<s> TEXT")]
    [InlineData("none", null, "TEXT")]
    [InlineData("bos", """{"tokenizer_class":"LlamaTokenizerFast"}""", "<s> TEXT")]
    [InlineData("none", """{"tokenizer_class":"LlamaTokenizer","bos_token":"<s>"}""", "TEXT")]
    [InlineData("none", """{"tokenizer_class":"LlamaTokenizerFast","add_bos_token":true,"add_eos_token":false,"bos_token":"<s>","eos_token":"</s>"}""", "<s> TEXT")]
    [InlineData("none", """{"tokenizer_class":"GemmaTokenizer","add_bos_token":true,"add_eos_token":true,"bos_token":{"content":"<s>"},"eos_token":"</s>"}""", "<s> TEXT </s>")]
    [InlineData("bos", """{"tokenizer_class":"LlamaTokenizer","add_bos_token":false,"bos_token":"<s>"}""", "TEXT")]
    [InlineData("bos", """{"tokenizer_class":"LlamaTokenizer","add_bos_token":null,"add_eos_token":true,"eos_token":"</s>"}""", "<s> TEXT </s>")]
    [InlineData("bos", """{"tokenizer_class":"LlamaTokenizer","add_bos_token":true,"bos_token":null}""", "TEXT")]
    [InlineData("bos", """{"tokenizer_class":"PreTrainedTokenizerFast","add_bos_token":false,"bos_token":"<s>"}""", "<s> TEXT")]
    [InlineData("none", """{"tokenizer_class":"Qwen2Tokenizer","add_bos_token":true,"bos_token":"<s>"}""", "TEXT")]
    [InlineData("bos", """{"tokenizer_class":7,"add_bos_token":false}""", "<s> TEXT")]
    public void The_configuration_holds_for_the_classes_that_heed_it(string template, string? config, string expected)
    {
        Tokenizer tiny = Load(template, config);
        string found = tiny.Decode(tiny.Encode("x", addSpecial: true));
        Assert.Equal(expected.Replace("TEXT", "x", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal), found);
        Assert.Equal("x", tiny.Decode(tiny.Encode("x")));

        bool differs = expected != (template == "bos" ? "<s> TEXT" : "TEXT");
        Assert.Equal(differs ? 1 : 0, tiny.Notices.Count);
        if (differs) Assert.Contains(expected, tiny.Notices[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TK-15", """{"tokenizer_class":"LlamaTokenizer","add_bos_token":true,"bos_token":"<begin>"}""", "<begin>")]
    [InlineData("TK-02", """{"tokenizer_class":"LlamaTokenizer","add_bos_token":"yes"}""", "add_bos_token")]
    [InlineData("CT-16", "{", "tokenizer_config.json")]
    public void What_cannot_be_done_is_refused_by_name(string code, string config, string named) =>
        BadInput.Expect(code, () => Load("none", config), "tokenizer_config.json", named);

    [Fact]
    public void A_text_that_begins_with_the_begin_of_text_gets_no_second_one()
    {
        Tokenizer tiny = Load("bos", null);
        int begin = tiny.IdOf(Begin)!.Value;
        Assert.Equal(tiny.Encode("x", addSpecial: true), tiny.Encode("<s>x", parseSpecial: true, addSpecial: true));
        Assert.Equal([begin], tiny.Encode("<s>", parseSpecial: true, addSpecial: true));
        Assert.Equal([begin, begin], tiny.Encode("<s><s>", parseSpecial: true, addSpecial: true));
        Assert.Equal([begin, .. tiny.Encode(" <s>", parseSpecial: true)], tiny.Encode(" <s>", parseSpecial: true, addSpecial: true));

        // What a user wrote is no begin of text.
        Assert.Equal([begin, .. tiny.Encode("<s>")], tiny.Encode("<s>", addSpecial: true));
    }

    private static Tokenizer Load(string template, string? config)
    {
        var tiny = new TinyTokenizer();
        int begin = tiny.Add(Begin, special: true);
        tiny.Add(End, special: true);
        if (template == "bos")
        {
            tiny.Root["post_processor"] = JsonNode.Parse($$"""
                {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0} },{"Sequence":{"id":"A","type_id":0} }],
                "pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":[{{begin}}],"tokens":["<s>"]} } }
                """);
        }
        using var folder = new TempFolder();
        folder.Write("tokenizer.json", tiny.Root.ToJsonString());
        if (config is not null) folder.Write("tokenizer_config.json", config);
        return Tokenizer.Load(folder.Path);
    }
}
