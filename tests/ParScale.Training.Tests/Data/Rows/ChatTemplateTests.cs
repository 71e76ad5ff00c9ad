using ParScale.Training.Data.Rows;

namespace ParScale.Training.Tests.Data.Rows;

public sealed class ChatTemplateTests
{
    // As Qwen2's and Qwen2.5's tokenizer_config.json write it, shortened to what matters here.
    private const string Qwen2 = """{"chat_template":"{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"}""";
    private const string Qwen25 = """{"chat_template":"{%- if messages[0]['role'] == 'system' %}{{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}{%- else %}{{- '<|im_start|>system\\nYou are Qwen.<|im_end|>\\n' }}{%- endif %}"}""";

    [Theory]
    [InlineData(Qwen2, "You are a helpful assistant.")]
    [InlineData(Qwen25, "You are Qwen.")]
    [InlineData("""{"chat_template":"<|im_start|><|im_end|>"}""", null)]
    [InlineData("""{"chat_template":null}""", null)]
    [InlineData("{}", null)]
    [InlineData(null, null)]
    public void The_system_message_is_the_folders_own(string? config, string? system)
    {
        using var folder = new TempFolder();
        if (config is not null) File.WriteAllText(folder.File("tokenizer_config.json"), config);
        string begin = system is null ? "" : $"<|im_start|>system\n{system}<|im_end|>\n";
        ChatTemplate template = ChatTemplate.Load(folder.Path);
        Assert.Equal(begin + "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\na<|im_end|>\n", Render(template, ("user", "q"), ("assistant", "a")));
        Assert.Equal("<|im_start|>system\ns<|im_end|>\n<|im_start|>assistant\na<|im_end|>\n", Render(template, ("system", "s"), ("assistant", "a")));
    }

    [Theory]
    [InlineData("""{"chat_template":"[INST] {{ x }}"}""")]
    [InlineData("""{"chat_template":[1]}""")]
    [InlineData("{")]
    public void Another_template_is_refused(string config)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("tokenizer_config.json"), config);
        Assert.Equal("TD-15", Assert.Throws<ParScaleException>(() => ChatTemplate.Load(folder.Path)).Code);
    }

    [Fact]
    public void A_template_may_be_a_file_of_its_own()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("tokenizer_config.json"), Qwen2);
        File.WriteAllText(folder.File("chat_template.jinja"), "{{ '<|im_start|>system\\nOwn.<|im_end|>\\n' }}");
        Assert.StartsWith("<|im_start|>system\nOwn.<|im_end|>\n", Render(ChatTemplate.Load(folder.Path), ("assistant", "a")), StringComparison.Ordinal);
    }

    private static string Render(ChatTemplate template, params (string Role, string Content)[] messages) => string.Concat(
        template.Render(messages.Select(message => new ChatMessage(message.Role, message.Content, message.Role == "assistant")), RowLocation.Line("x", 1)).Segments.Select(s => s.Text));
}
