using ParScale.Text.Chat;
using ParScale.Text.Chat.Tools;

namespace ParScale.Tests.Text.Chat.Tools;

/// <summary>What templates do with tools is read off what they write.</summary>
public class ToolSupportTests
{
    [Theory]
    [InlineData("tools/qwen25", "hermes")]
    [InlineData("tools/hermes", "hermes")]
    [InlineData("thinking/qwen3", "hermes")]
    [InlineData("tools/llama31", "llama")]
    [InlineData("tools/mistral-v3", "mistral")]
    [InlineData("tools/mistral-nemo", "mistral")]
    [InlineData("tools/granite3", "granite")]
    [InlineData("tools/glm4", null)]
    [InlineData("tools/kimi", null)]
    [InlineData("tools/deepseek-v3", null)]
    [InlineData("thinking/glm45", null)]
    [InlineData("thinking/magistral", null)]
    [InlineData("thinking/gpt-oss", null)]
    [InlineData("thinking/smollm3", null)]
    [InlineData("turns/olmo2", null)]
    public void The_format_of_a_template_is_the_one_that_it_writes(string name, string? format) =>
        Assert.Equal(format, ToolSupport.Of(ChatVectors.Template(name)).Format?.Name);

    [Theory]
    [InlineData("tools/qwen25", true)]
    [InlineData("tools/mistral-v3", true)]
    [InlineData("thinking/smollm3", true)]
    [InlineData("thinking/magistral", false)]
    [InlineData("turns/olmo2", false)]
    [InlineData("turns/chatml", false)]
    public void Whether_tools_are_shown_is_seen(string name, bool shown) => Assert.Equal(shown, ToolSupport.Of(ChatVectors.Template(name)).ShowsTools);

    [Theory]
    [InlineData("Call by <tool_call>{...}</tool_call>.", "hermes")]
    [InlineData("Call by <|tool_call|> and a list.", "granite")]
    [InlineData("Call by <tool_call>{...}</tool_call> or <|tool_call|>.", null)]
    [InlineData("Call by <tool_call><function=name></tool_call>.", null)]
    [InlineData("Call as you like.", null)]
    public void A_template_that_writes_no_calls_tells_the_format_by_its_words(string words, string? format)
    {
        ChatTemplate template = ChatTemplate.Parse(
            "{% if tools %}" + words + "{{ tools | tojson }}{% endif %}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}");
        Assert.Equal(format, ToolSupport.Of(template).Format?.Name);
    }

    [Fact]
    public void The_newer_calls_of_Mistral_are_told_from_the_older() =>
        Assert.Equal((ToolCallFormat.MistralV11, ToolCallFormat.Mistral), (ToolSupport.Of(ChatTemplate.Parse(ToolTemplates.MistralV11)).Format, ToolSupport.Of(ChatTemplate.Parse(ToolTemplates.Mistral)).Format));

    [Fact]
    public void A_generation_prompt_that_begins_a_thought_hides_no_call()
    {
        ChatTemplate template = ChatTemplate.Parse(ToolTemplates.Hermes.Replace("{{ '<|answer|>' if messages[-1].role == 'tool' else '<|call|>' }}", "<think>\n", StringComparison.Ordinal));
        Assert.Equal(ToolCallFormat.Hermes, ToolSupport.Of(template).Format);
    }
}
