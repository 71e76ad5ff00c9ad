using ParScale.Text.Chat;

namespace ParScale.Tests.Text.Chat;

/// <summary>Thinking is told from answers, wherever the pieces end.</summary>
public class ThinkingParserTests
{
    /// <summary>Format, whether the prompt has begun the thinking, text, thinking, answer.</summary>
    public static TheoryData<string, bool, string, string, string> Texts => new()
    {
        { "tags", false, "<think>\nhm\n\nso\n</think>\n\nyes\n", "hm\n\nso", "yes\n" },
        { "tags", false, "\n<think>hm", "hm", "" },
        { "tags", true, "hm</think>yes</think>", "hm", "yes</think>" },
        { "tags", true, "\n<think>hm</think>yes", "<think>hm", "yes" },
        { "tags", false, "plain <think>x</think>", "", "plain <think>x</think>" },
        { "tags", false, " \n plain", "", " \n plain" },
        { "tags", false, "<thin", "", "<thin" },
        { "tags", false, " <thing>", "", " <thing>" },
        { "tags", false, "<<think>x", "", "<<think>x" },
        { "tags", false, "  ", "", "  " },
        { "tags", false, "", "", "" },
        { "tags", false, "<think>\n\n</think>\n\nyes", "", "yes" },
        { "tags", false, "<think>a</thinker> <</think>b<think>c</think>", "a</thinker> <", "b<think>c</think>" },
        { "tags", false, "<think>a </thi", "a </thi", "" },
        { "tags", false, "<think>a \n", "a", "" },
        { "tags", false, "<think>a</think> <response>b</response>", "a", "<response>b</response>" },
        { "granite", false, "<think>a</think>\n<response> b <c> </response>\n", "a", "b <c>\n" },
        { "granite", true, "a</think><response>b </resp", "a", "b </resp" },
        { "granite", false, "<think>a</think>b</response>", "a", "b</response>" },
        { "granite", false, "<think>a</think><resp", "a", "<resp" },
        { "words", false, "Here is my thought process: Here is a\nHere is my response:\nb", "Here is a", "b" },
        { "words", false, "Here is my dog.", "", "Here is my dog." },
        { "mistral", false, "[THINK]a[/b][/THINK]c", "a[/b]", "c" },
        { "mistral", false, "<think>a</think>", "", "<think>a</think>" },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Both_texts_are_the_same_however_the_text_is_cut(string format, bool begun, string text, string thinking, string answer)
    {
        for (int size = 1; size <= 9; size++) Check([.. text.Chunk(size).Select(piece => new string(piece))]);
        for (int at = 0; at <= text.Length; at++) Check([text[..at], text[at..]]);

        void Check(string[] pieces)
        {
            var parser = new ThinkingParser(Format(format), begun ? ThinkingStart.Opened : ThinkingStart.None);
            List<ThinkingPart> parts = [.. pieces.Select(parser.Append), parser.Flush()];
            Assert.Equal((thinking, answer), (string.Concat(parts.Select(part => part.Thinking)), string.Concat(parts.Select(part => part.Answer))));
            // Nothing is thought after the answer has begun.
            int said = parts.FindIndex(part => part.Answer.Length > 0);
            if (said >= 0) Assert.DoesNotContain(parts.Skip(said + 1), part => part.Thinking.Length > 0);
        }
    }

    [Fact]
    public void Only_what_may_become_a_mark_is_held_back()
    {
        var plain = new ThinkingParser(ThinkingFormat.Tags, ThinkingStart.None);
        Assert.Equal("A", plain.Append("A").Answer);
        Assert.Equal(" <think>", plain.Append(" <think>").Answer);

        var thinks = new ThinkingParser(ThinkingFormat.Tags, ThinkingStart.Opened);
        Assert.Equal("a", thinks.Append("a").Thinking);
        Assert.Equal("", thinks.Append(" \n</th").Thinking);
        Assert.Equal(" \n</the", thinks.Append("e").Thinking);
        Assert.True(thinks.IsThinking);
        Assert.Equal(new ThinkingPart("", "b"), thinks.Append("</think>\nb"));
        Assert.False(thinks.IsThinking);
        Assert.Equal(" </think>", thinks.Append(" </think>").Answer);
    }

    [Fact]
    public void A_thought_that_is_continued_keeps_the_space_before_its_next_word()
    {
        var parser = new ThinkingParser(ThinkingFormat.Tags, ThinkingStart.Within);
        Assert.Equal(" see", parser.Append(" see").Thinking);
    }

    [Fact]
    public void A_long_text_without_end_takes_time_in_proportion()
    {
        foreach (string piece in (string[])["\n", "</think", "<"])
        {
            var parser = new ThinkingParser(ThinkingFormat.Tags, ThinkingStart.Opened);
            int length = 0;
            for (int i = 0; i < 200_000; i++) length += parser.Append(piece).Thinking.Length;
            length += parser.Append("x").Thinking.Length;
            Assert.Equal(piece == "\n" ? 1 : 200_000 * piece.Length + 1, length);
        }
    }

    private static ThinkingFormat Format(string name) => name switch
    {
        "granite" => ThinkingFormat.Granite,
        "words" => ThinkingFormat.Words,
        "mistral" => ThinkingFormat.Mistral,
        _ => ThinkingFormat.Tags,
    };
}
