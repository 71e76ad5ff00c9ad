using ParScale.Text.Chat;

namespace ParScale.Tests.Text.Chat;

public class ChatTemplateFileTests
{
    private static readonly ChatMessage[] Hi = [new("user", "Hi")];

    [Fact]
    public void A_folder_without_a_template_has_none()
    {
        using var folder = new TempFolder();
        Assert.Null(ChatTemplate.Load(folder.Path));
        folder.Write("tokenizer_config.json", """{"chat_template":null}""");
        Assert.Null(ChatTemplate.Load(folder.Path));
        folder.Write("chat_template.json", """{"chat_template":[]}""");
        Assert.Null(ChatTemplate.Load(folder.Path));
    }

    [Fact]
    public void The_template_of_its_own_file_comes_first()
    {
        using var folder = new TempFolder();
        folder.Write("chat_template.json", """{"chat_template":"processor"}""");
        Assert.Equal("processor", Text(folder));
        folder.Write("tokenizer_config.json", """{"chat_template":"config"}""");
        Assert.Equal("config", Text(folder));
        folder.Write("chat_template.jinja", "own\n");
        Assert.Equal("own", Text(folder));
    }

    [Fact]
    public void Named_templates_come_from_a_list_or_a_folder()
    {
        using var folder = new TempFolder();
        folder.Write("tokenizer_config.json", """{"chat_template":[{"name":"default","template":"d"},{"name":"tool_use","template":"t"},{"name":"rag","template":"r"}]}""");
        Assert.Equal("d", Text(folder));
        Assert.Equal("r", Text(folder, "rag"));
        Assert.Equal("t", ChatTemplate.Load(folder.Path)!.Write(Hi, new ChatTemplateOptions { Tools = [] }).Text);
        Assert.Equal("d", ChatTemplate.Load(folder.Path, "default")!.Write(Hi, new ChatTemplateOptions { Tools = [] }).Text);
        Directory.CreateDirectory(folder.File("additional_chat_templates"));
        folder.Write("additional_chat_templates/rag.jinja", "own rag");
        folder.Write("chat_template.jinja", "own");
        Assert.Equal("own", Text(folder));
        Assert.Equal("own rag", Text(folder, "rag"));
        Assert.Equal("own", ChatTemplate.Load(folder.Path)!.Write(Hi, new ChatTemplateOptions { Tools = [] }).Text);
    }

    [Theory]
    [InlineData("tool_use")]
    [InlineData("../rag")]
    [InlineData("/etc/passwd")]
    [InlineData("")]
    public void CT14_a_name_that_no_template_has_is_refused_with_those_there_are(string name)
    {
        using var folder = new TempFolder();
        folder.Write("rag.jinja", "outside");
        Directory.CreateDirectory(folder.File("additional_chat_templates"));
        folder.Write("additional_chat_templates/rag.jinja", "r");
        folder.Write("chat_template.jinja", "d");
        var error = Assert.Throws<ParScaleException>(() => ChatTemplate.Load(folder.Path, name));
        Assert.Equal("CT-14", error.Code);
        Assert.Contains("\"default\", \"rag\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Special_tokens_come_from_the_folder_and_are_the_templates_own()
    {
        using var folder = new TempFolder();
        folder.Write("tokenizer_config.json", """{"chat_template":"{{ bos_token }}{{ eos_token }}{{ pad_token }}{{ unk_token }}{{ additional_special_tokens }}","bos_token":"<b>","eos_token":{"content":"<e>","lstrip":false},"unk_token":null}""");
        folder.Write("special_tokens_map.json", """{"bos_token":"<wrong>","pad_token":{"content":"<p>"},"additional_special_tokens":["<x>"]}""");
        ChatTemplate template = ChatTemplate.Load(folder.Path)!;
        Assert.Equal("<b><e><p>['<x>']", template.Write(Hi).Text);
        Assert.Equal(new ChatSpan(0, 9, FromTemplate: true, Generated: false), template.Write(Hi).Spans[0]);
        RenderedChat overridden = template.Write(Hi, new ChatTemplateOptions { SpecialTokens = new Dictionary<string, string> { ["bos_token"] = "<s>" } });
        Assert.StartsWith("<s><e>", overridden.Text, StringComparison.Ordinal);
        // As a variable it is data, whatever its name.
        RenderedChat forged = template.Write(Hi, new ChatTemplateOptions { Variables = new() { ["bos_token"] = "<f>" } });
        Assert.Equal(new ChatSpan(0, 3, FromTemplate: false, Generated: false), forged.Spans[0]);
    }

    [Theory]
    [InlineData("tokenizer_config.json", "{")]
    [InlineData("tokenizer_config.json", "[]")]
    [InlineData("tokenizer_config.json", "{\"chat_template\":7}")]
    [InlineData("tokenizer_config.json", "{\"chat_template\":[\"a\"]}")]
    [InlineData("tokenizer_config.json", "{\"chat_template\":[{\"name\":\"default\"}]}")]
    [InlineData("tokenizer_config.json", "{\"chat_template\":{\"default\":7}}")]
    [InlineData("tokenizer_config.json", "{\"chat_template\":\"\\ud800\"}")]
    [InlineData("chat_template.jinja", "")]
    public void CT16_a_damaged_file_is_named(string file, string text)
    {
        using var folder = new TempFolder();
        folder.Write(file, text);
        var error = Assert.Throws<ParScaleException>(() => ChatTemplate.Load(folder.Path));
        Assert.Equal(("CT-16", ErrorKind.BadInput), (error.Code, error.Kind));
        Assert.StartsWith(file + ": ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CT16_a_template_must_be_UTF8_and_may_have_a_byte_order_mark()
    {
        using var folder = new TempFolder();
        folder.Write("chat_template.jinja", [0xEF, 0xBB, 0xBF, (byte)'a']);
        Assert.Equal("a", Text(folder));
        folder.Write("chat_template.jinja", [(byte)'a', 0xFF]);
        Assert.Equal("CT-16", Assert.Throws<ParScaleException>(() => ChatTemplate.Load(folder.Path)).Code);
    }

    [Fact]
    public void CT13_a_template_of_five_megabytes_is_refused()
    {
        using var folder = new TempFolder();
        folder.Write("chat_template.jinja", new byte[5 << 20]);
        Assert.Equal("CT-13", Assert.Throws<ParScaleException>(() => ChatTemplate.Load(folder.Path)).Code);
        Assert.Equal("CT-13", Assert.Throws<ParScaleException>(() => ChatTemplate.Parse(new string('a', 5 << 20))).Code);
    }

    private static string Text(TempFolder folder, string? name = null) => ChatTemplate.Load(folder.Path, name)!.Write(Hi).Text;
}
