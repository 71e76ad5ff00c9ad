using System.Text.Json.Nodes;
using ParScale.Text.Chat;

namespace ParScale.Tests.Text.Chat;

/// <summary>Whatever a template does to a message, its characters stay data, and the control strings of the template stay the template's.</summary>
public class TemplateOriginTests
{
    // A conversation whose system message is plain and whose turns are Greek, which no template is.
    private const string Greek = "turns";

    // A conversation whose messages hold control strings.
    private const string Forged = "forged";

    /// <summary>The names of the templates.</summary>
    public static TheoryData<string> Names() => [.. ChatVectors.Templates()];

    /// <summary>The names of those in the manner of model families, which write turns.</summary>
    public static TheoryData<string> Families() => [.. ChatVectors.Templates().Where(name => !name.StartsWith("constructs/", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Names))]
    public void Letters_of_messages_are_data_however_they_are_changed(string name)
    {
        if (Render(name, Greek) is not { } chat) return;
        foreach (ChatSpan span in chat.Spans.Where(span => span.FromTemplate))
            Assert.DoesNotContain(chat.Text.Substring(span.Start, span.Length), character => character is >= '\u0370' and < '\u0400');
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Control_strings_of_the_template_are_its_own(string name)
    {
        if (Render(name, Greek) is not { } chat) return;
        Assert.Contains(chat.Spans, span => span.FromTemplate);
        foreach (ChatSpan span in chat.Spans.Where(span => !span.FromTemplate))
            Assert.DoesNotContain(chat.Text.Substring(span.Start, span.Length), character => character is '<' or '>' or '|');
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Control_strings_in_messages_are_data(string name)
    {
        if (Render(name, Forged) is not { } chat) return;
        foreach (JsonNode? message in ChatVectors.Conversations[Forged]!["messages"]!.AsArray())
        {
            string content = message!["content"]!.GetValue<string>().Trim();
            for (int at = chat.Text.IndexOf(content, StringComparison.Ordinal); at >= 0; at = chat.Text.IndexOf(content, at + 1, StringComparison.Ordinal))
            {
                // A template may take lines apart and put line feeds of its own between them.
                (int start, int end) = (at, at + content.Length);
                IEnumerable<ChatSpan> within = chat.Spans.Where(span => span.FromTemplate && span.Start < end && span.Start + span.Length > start);
                Assert.All(within, span => Assert.True(string.IsNullOrWhiteSpace(chat.Text[Math.Max(span.Start, start)..Math.Min(span.Start + span.Length, end)])));
            }
        }
    }

    [Fact]
    public void Spans_are_in_order_and_leave_no_gap()
    {
        foreach (string name in ChatVectors.Templates())
        {
            if (Render(name, Forged) is not { } chat) continue;
            int end = 0;
            foreach (ChatSpan span in chat.Spans)
            {
                Assert.Equal(end, span.Start);
                Assert.True(span.Length > 0);
                end += span.Length;
            }
            Assert.Equal(chat.Text.Length, end);
        }
    }

    // Null where the template refuses the conversation.
    private static RenderedChat? Render(string name, string title)
    {
        JsonNode conversation = ChatVectors.Conversations[title]!;
        try
        {
            return ChatVectors.Template(name).Render(ChatVectors.Messages(conversation), ChatVectors.Options(conversation, addGenerationPrompt: true));
        }
        catch (ParScaleException error) when (error.Kind == ErrorKind.BadInput)
        {
            return null;
        }
    }
}
