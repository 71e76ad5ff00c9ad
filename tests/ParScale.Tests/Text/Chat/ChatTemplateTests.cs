using System.Text.Json.Nodes;
using ParScale.Text.Chat;

namespace ParScale.Tests.Text.Chat;

public class ChatTemplateTests
{
    [Fact]
    public void ChatML_writes_roles_and_contents()
    {
        ChatMessage[] messages =
        [
            new("system", "s"), new("user", null) { Fields = new JsonObject { ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = "q" }) } },
            new("assistant", "a"), new("assistant", null),
        ];
        RenderedChat chat = ChatTemplate.ChatMl.Write(messages);
        Assert.Equal("<|im_start|>system\ns<|im_end|>\n<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\na<|im_end|>\n<|im_start|>assistant\n<|im_end|>\n"
            + "<|im_start|>assistant\n", chat.Text);
        Assert.Equal(["a", "<|im_end|>", "<|im_end|>"], chat.Spans.Where(span => span.Generated).Select(span => chat.Text.Substring(span.Start, span.Length)));
        Assert.Equal(["s", "q", "a"], chat.Spans.Where(span => !span.FromTemplate).Select(span => chat.Text.Substring(span.Start, span.Length)));
    }

    [Theory]
    [InlineData("{{ messages[0].content }}")]
    [InlineData("{{ messages[0].content | upper | lower | trim }}")]
    [InlineData("{% set x %}{{ messages[0].content }}{% endset %}{{ x }}")]
    public void CT10_the_text_of_a_message_is_never_run(string template) =>
        Assert.Equal("{{ 7*7 }}", ChatTemplate.Parse(template).Write([new("user", "{{ 7*7 }}")]).Text);

    [Theory]
    [InlineData("assistant", "Sure, ", "<|im_start|>assistant\nSure, ")]
    [InlineData("assistant", "", "<|im_start|>assistant\n")]
    [InlineData("user", "and", "<|im_start|>user\nand")]
    public void The_last_message_can_be_continued(string role, string content, string expected)
    {
        RenderedChat chat = ChatTemplate.ChatMl.Write([new("user", "Hi"), new(role, content)], new ChatTemplateOptions { ContinueFinalMessage = true });
        Assert.Equal("<|im_start|>user\nHi<|im_end|>\n" + expected, chat.Text);
    }

    [Fact]
    public void CT17_what_cannot_be_continued_is_refused()
    {
        var options = new ChatTemplateOptions { ContinueFinalMessage = true };
        Assert.Equal("CT-17", Assert.Throws<ParScaleException>(() => ChatTemplate.ChatMl.Write([], options)).Code);
        Assert.Equal("CT-17", Assert.Throws<ParScaleException>(() => ChatTemplate.Parse("x").Write([new("assistant", "Sure")], options)).Code);
    }

    [Theory]
    [InlineData("messages")]
    [InlineData("tools")]
    [InlineData("documents")]
    [InlineData("add_generation_prompt")]
    public void CT17_a_variable_cannot_stand_for_something_else(string name)
    {
        var error = Assert.Throws<ParScaleException>(() => ChatTemplate.ChatMl.Write([new("user", "Hi")], new ChatTemplateOptions { Variables = new() { [name] = 1 } }));
        Assert.Equal(("CT-17", ErrorKind.Usage), (error.Code, error.Kind));
    }

    [Fact]
    public void CT17_values_that_are_no_JSON_are_refused()
    {
        Refuse(new JsonObject { ["x"] = JsonValue.Create(double.NaN) });
        Refuse(JsonNode.Parse("""{"x":"\ud800"}""")!.AsObject());

        static void Refuse(JsonObject variables)
        {
            var error = Assert.Throws<ParScaleException>(() => ChatTemplate.Parse("{{ x }}").Write([], new ChatTemplateOptions { Variables = variables }));
            Assert.Equal("CT-17", error.Code);
        }
    }

    [Fact]
    public void Values_of_any_type_of_DotNet_are_what_their_JSON_is()
    {
        var variables = new JsonObject { ["x"] = new JsonArray(1, 1.5, JsonValue.Create(new DateTime(2026, 1, 2)), JsonValue.Create('c'), true, null, JsonValue.Create(12345678901234567890m)) };
        Assert.Equal("[1, 1.5, '2026-01-02T00:00:00', 'c', True, None, 12345678901234567890]",
            ChatTemplate.Parse("{{ x }}").Write([], new ChatTemplateOptions { Variables = variables }).Text);
    }

    [Fact]
    public void A_template_that_runs_can_be_stopped()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => ChatTemplate.Parse("{% for a in range(10000) %}{{ a }}{% endfor %}").Render([], cancellation: stop.Token));
    }

    [Fact]
    public void Threads_share_a_template() =>
        Parallel.For(0, 200, i => Assert.Equal($"<|im_start|>user\n{i}<|im_end|>\n<|im_start|>assistant\n", ChatTemplate.ChatMl.Write([new("user", $"{i}")]).Text));
}
