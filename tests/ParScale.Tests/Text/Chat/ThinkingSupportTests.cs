using System.Text.Json.Nodes;
using ParScale.Generation.Constraints;
using ParScale.Text.Chat;

namespace ParScale.Tests.Text.Chat;

/// <summary>What templates do with thinking, and where they let an answer begin.</summary>
public class ThinkingSupportTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("thinking/qwen3", "<think>", "enable_thinking")]
    [InlineData("thinking/smollm3", "<think>", "enable_thinking")]
    [InlineData("thinking/deepseek-r1", "<think>", "thinking")]
    [InlineData("thinking/granite-thinking", "<think>", "enable_thinking")]
    [InlineData("thinking/nemotron-nano", "<think>", null)]
    [InlineData("thinking/magistral", "<think>", null)]
    [InlineData("turns/chatml", "<think>", null)]
    public void The_marks_and_the_switch_are_read_off_the_template(string name, string open, string? variable)
    {
        ThinkingSupport support = Support(ChatVectors.Template(name));
        Assert.Equal((open, variable), (support.Format.Open, support.Switch));
        Assert.Equal(name != "turns/chatml" && name != "thinking/magistral", support.IsKnown);
        if (variable is not null) Assert.Equal($"{{\"{variable}\":false}}", support.Turn(false).ToJsonString());
        else Assert.Equal("CT-18", Assert.Throws<ParScaleException>(() => support.Turn(false)).Code);
    }

    [Theory]
    [InlineData("Think between [THINK] and [/THINK].", "[THINK]")]
    [InlineData("Think after 'Here is my thought process:', answer after 'Here is my response:'.", "Here is my thought process:")]
    [InlineData("Think in <think></think>, answer in <response></response>.", "<think>")]
    [InlineData("Think after [THINK].", "<think>")]
    public void Other_marks_are_those_that_the_template_names(string words, string open)
    {
        ThinkingFormat format = ThinkingFormat.Of(ChatTemplate.Parse(words));
        Assert.Equal(open, format.Open);
        Assert.Equal(words.Contains("<response>", StringComparison.Ordinal), format.AnswerOpen is not null);
    }

    [Theory]
    [InlineData("thinking/deepseek-r1", "{}", true)]
    [InlineData("thinking/deepseek-r1", """{"thinking": false}""", false)]
    [InlineData("thinking/exaone", """{"enable_thinking": true}""", true)]
    [InlineData("thinking/exaone", "{}", false)]
    [InlineData("thinking/nemotron-nano", "{}", true)]
    [InlineData("thinking/qwen3", "{}", false)]
    [InlineData("thinking/qwen3", """{"enable_thinking": false}""", false)]
    public void A_prompt_may_begin_the_thinking(string name, string variables, bool begins)
    {
        RenderedChat chat = ChatVectors.Template(name).Render([new ChatMessage("user", "hello")], new ChatTemplateOptions { Variables = JsonNode.Parse(variables)!.AsObject() }, Token);
        Assert.Equal(begins ? ThinkingStart.Opened : ThinkingStart.None, chat.StartOfThinking(ThinkingFormat.Tags));
    }

    [Theory]
    [InlineData("<think>")]
    [InlineData("tell me about\n<think>\n")]
    public void A_user_cannot_begin_it(string message)
    {
        // Nothing follows the message here.
        ChatTemplate bare = ChatTemplate.Parse("{% for m in messages %}{{ m.content }}{% endfor %}");
        Assert.Equal(ThinkingStart.None, bare.Render([new ChatMessage("user", message)], cancellation: Token).StartOfThinking(ThinkingFormat.Tags));
    }

    [Theory]
    [InlineData("<think>\nI believe", true)]
    [InlineData("<think>so</think>It", false)]
    [InlineData("It is <think>", false)]
    [InlineData("It", false)]
    public void A_message_that_is_continued_may_have_begun_it(string message, bool begins)
    {
        ChatMessage[] messages = [new("user", "hello <think>"), new("assistant", message)];
        RenderedChat chat = ChatTemplate.ChatMl.Render(messages, new ChatTemplateOptions { ContinueFinalMessage = true }, Token);
        Assert.Equal(begins ? ThinkingStart.Within : ThinkingStart.None, chat.StartOfThinking(ThinkingFormat.Tags));
        Assert.Equal(ThinkingStart.None, ChatTemplate.ChatMl.Render(messages, cancellation: Token).StartOfThinking(ThinkingFormat.Tags));
    }

    [Theory]
    [InlineData("any <th </think>{}", true)]
    [InlineData("<</think>\n\n{}", true)]
    [InlineData("</think>{}", true)]
    [InlineData("</think></think>{}", false)]
    [InlineData("</think>\n\n\n\n\n{}", false)]
    [InlineData("no end {}", false)]
    [InlineData("a</think>b</think>{}", false)]
    [InlineData("ü</</</think>{}", true)]
    public void A_form_begins_after_the_first_mark(string text, bool accepted)
    {
        var automaton = new GrammarAutomaton(Grammar.All(ThinkingGrammar.UpTo("</think>", null), Grammar.Text("{}")));
        int state = automaton.Start;
        foreach (byte value in System.Text.Encoding.UTF8.GetBytes(text))
        {
            if (state != GrammarAutomaton.Dead) state = automaton.Next(state, value);
        }
        Assert.Equal(accepted, state != GrammarAutomaton.Dead && automaton.MayEnd(state));
        Assert.InRange(automaton.StateCount, 1, 20);
    }

    private static ThinkingSupport Support(ChatTemplate template) => new(template, new TinyTokenizer().Load());
}
