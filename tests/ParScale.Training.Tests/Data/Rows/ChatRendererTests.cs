using System.Text;
using System.Text.Json;
using ParScale.Text.Chat;
using ParScale.Training.Data.Rows;

namespace ParScale.Training.Tests.Data.Rows;

/// <summary>Chats as templates of the tokenizer's folder write them. In the expected texts, what is learned stands in brackets.</summary>
public sealed class ChatRendererTests
{
    private const string Turns = "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}";
    private const string Prompt = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
    private const string Hi = """{"role":"user","content":"Hi"}""";
    private const string Yes = """{"role":"assistant","content":"Yes"}""";
    private const string Written = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n[Yes<|im_end|>]\n";

    [Theory]
    [InlineData(Turns, Written)]
    [InlineData("{% set s = 'Be terse.' %}{{ '<|im_start|>system\n' + s + '<|im_end|>\n' }}" + Turns, "<|im_start|>system\nBe terse.<|im_end|>\n" + Written)]
    [InlineData("{% if messages[0]['role'] != 'system' %}{{ \"<|im_start|>system\nYou're terse.<|im_end|>\n\" }}{% endif %}" + Turns + Prompt,
        "<|im_start|>system\nYou're terse.<|im_end|>\n" + Written)]
    // Another family: its control tokens are made of the role, and white space stands before the one that ends an answer.
    [InlineData("{% for m in messages %}{{ '<|' + m.role + '|>' + m.content + ' <|im_end|>' }}{% endfor %}", "<|user|>Hi <|im_end|><|assistant|>[Yes <|im_end|>]")]
    // The answer ends with the token that begins the next turn, or with nothing.
    [InlineData("{% for m in messages %}{{ '<|im_start|>' + m.role + ':' + m.content }}{% endfor %}", "<|im_start|>user:Hi<|im_start|>assistant:[Yes]")]
    [InlineData("{% for m in messages + messages %}{{ m.role + ':' + m.content + '\n' }}{% endfor %}", "user:Hi\nassistant:[Yes\nuser:Hi\nassistant:Yes]\n")]
    // What the template puts before the content is learned where its generation prompt shows that the model writes it.
    [InlineData("{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' }}{% if m.role == 'assistant' %}{{ '<think></think>' }}{% endif %}{{ m.content + '<|im_end|>\n' }}{% endfor %}" + Prompt,
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n[<think></think>Yes<|im_end|>]\n")]
    // Generation blocks decide where there are some.
    [InlineData("{% for m in messages %}{{ m.role }}:{% if m.role == 'assistant' %}{% generation %}<a>{{ m.content }}</a>{% endgeneration %}{% else %}{{ m.content }}{% endif %};{% endfor %}",
        "user:Hi;assistant:[<a>Yes</a>];")]
    public void What_an_assistant_says_is_learned(string template, string expected) => Assert.Equal(expected, Render(template, $$"""{"messages":[{{Hi}},{{Yes}}]}"""));

    [Theory]
    [InlineData("""{"role":"assistant","content":"x","weight":0}""", "assistant:x;", "assistant:|x|;")]
    [InlineData("""{"role":"user","content":"x","train":true}""", "user:[x];", "user:[x];")]
    public void Marks_count_with_and_without_generation_blocks(string message, string plain, string marked)
    {
        string row = $$"""{"messages":[{{message}},{{Yes}}]}""";
        Assert.Equal(plain + "assistant:[Yes];", Render("{% for m in messages %}{{ m.role }}:{{ m.content }};{% endfor %}", row));
        Assert.Equal(marked.Replace("|", "", StringComparison.Ordinal) + "assistant:[Yes];",
            Render("{% for m in messages %}{{ m.role }}:{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}{% else %}{{ m.content }}{% endif %};{% endfor %}", row));
    }

    [Fact]
    public void Tools_and_their_calls_are_given_to_a_template_that_reads_them()
    {
        const string template = "{% if tools %}tools {{ tools | tojson }};{% endif %}{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' }}"
            + "{% if m.tool_calls %}{% for c in m.tool_calls %}{{ '<tool_call>' + c.function.name + '</tool_call>' }}{% endfor %}{% else %}{{ m.content }}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}";
        string row = $$$"""{"tools":"[{\"name\":\"f\"}]","messages":[{{{Hi}}},{"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f"}}]},{"role":"tool","content":"12 C"},{{{Yes}}}]}""";
        Assert.Equal("tools [{\"name\": \"f\"}];<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n[<tool_call>f</tool_call><|im_end|>]\n"
            + "<|im_start|>tool\n12 C<|im_end|>\n<|im_start|>assistant\n[Yes<|im_end|>]\n", Render(template + Prompt, row));
        // Without a generation prompt nobody knows where the call begins.
        Assert.Equal("TD-18", Assert.Throws<ParScaleException>(() => Render(template, row)).Code);
    }

    [Theory]
    [InlineData("{{ raise_exception('roles must alternate') }}", """{"messages":[HI,YES]}""", "TD-21", "roles must alternate")]
    [InlineData("{{ messages[7].role.name }}", """{"messages":[HI,YES]}""", "TD-21", "line 1")]
    [InlineData(Turns, """{"messages":[HI,YES],"tools":[{"name":"f"}]}""", "TD-18", "tools")]
    [InlineData(Turns, """{"messages":[HI,YES],"chat_template_kwargs":{"enable_thinking":true}}""", "TD-18", "enable_thinking")]
    [InlineData("{{ tools }}" + Turns, """{"messages":[HI,YES],"tools":{"name":"f"}}""", "TD-03", "tools")]
    public void A_row_that_the_template_does_not_take_is_named(string template, string row, string code, string word)
    {
        string filled = row.Replace("HI", Hi, StringComparison.Ordinal).Replace("YES", Yes, StringComparison.Ordinal);
        var error = Assert.Throws<ParScaleException>(() => Render(template, filled));
        Assert.Equal(code, error.Code);
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
        Assert.StartsWith("\"x.jsonl\": line 1: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_template_is_the_folders_own()
    {
        using var folder = new TempFolder();
        Assert.Equal(Written, Render(ChatTemplate.Load(folder.Path) ?? ChatTemplate.ChatMl, $$"""{"messages":[{{Hi}},{{Yes}}]}"""));
        File.WriteAllText(folder.File("tokenizer_config.json"), JsonSerializer.Serialize(new { chat_template = new[] { new { name = "default", template = "D" + Turns } } }));
        Assert.Equal("D" + Written, Render(ChatTemplate.Load(folder.Path)!, $$"""{"messages":[{{Hi}},{{Yes}}]}"""));
    }

    [Fact]
    public void Contents_forge_no_control_token()
    {
        Document document = Parse(ChatTemplate.Parse(Turns), """{"messages":[{"role":"user","content":"<|im_end|>"},{"role":"assistant","content":"<|im_start|>"}]}""");
        Assert.All(document.Segments, segment => Assert.NotNull(segment.Chat));
        string data = string.Concat(document.Segments.SelectMany(segment => segment.Chat!.Spans.Where(span => !span.FromTemplate).Select(span => segment.Text.Substring(span.Start, span.Length))));
        Assert.Equal("<|im_end|><|im_start|>", data);
    }

    private static string Render(string template, string row) => Render(ChatTemplate.Parse(template), row);

    private static string Render(ChatTemplate template, string row) =>
        string.Concat(Parse(template, row).Segments.Select(segment => segment.Learned ? $"[{segment.Text}]" : segment.Text));

    private static Document Parse(ChatTemplate template, string row) =>
        new JsonRow(new FieldNames(), new ChatRenderer(template, ["<|im_start|>", "<|im_end|>"])).Parse(Encoding.UTF8.GetBytes(row), RowLocation.Line("x.jsonl", 1));
}
