namespace ParScale.Text.Chat;

/// <summary>A chat as its template writes it, with the origin of every character. <see cref="Tokenizer.Encode(RenderedChat, bool)"/> makes tokens of it.</summary>
public sealed class RenderedChat
{
    private readonly TaggedText _text;

    private readonly bool _continues;

    /// <param name="text">The text.</param>
    /// <param name="continues">Whether it ends within its last message, which the model is to continue.</param>
    internal RenderedChat(TaggedText text, bool continues = false)
    {
        (_text, _continues) = (text, continues);
        Spans = SpansOf(text);
    }

    /// <summary>The whole text.</summary>
    public string Text => _text.Text;

    /// <summary>Where each stretch of the text comes from: in order, without gaps, neighbours differ.</summary>
    public IReadOnlyList<ChatSpan> Spans { get; }

    /// <summary>The text with the tags that the spans are made of.</summary>
    internal TaggedText Tagged => _text;

    /// <summary>
    /// Whether what the model writes next continues its thinking: the template's own text ends with the mark, or a message that is to be
    /// continued begins with it. A mark in any other message is none.
    /// </summary>
    internal ThinkingStart StartOfThinking(ThinkingFormat format)
    {
        int at = Text.LastIndexOf(format.Open, StringComparison.Ordinal);
        if (at < 0 || Text.AsSpan(at).Contains(format.Close, StringComparison.Ordinal)) return ThinkingStart.None;
        ThinkingStart start = Text.AsSpan(at + format.Open.Length).IsWhiteSpace() ? ThinkingStart.Opened : ThinkingStart.Within;
        if (_text.TagAt(at).IsTemplate) return start == ThinkingStart.Opened ? start : ThinkingStart.None;
        int? last = _text.TagAt(Text.Length - 1).Message;
        if (!_continues || last is null || !_text.All(at, Text.Length, tag => tag.IsContent && tag.Message == last)) return ThinkingStart.None;
        int begin = at;
        while (begin > 0 && _text.TagAt(begin - 1) is { IsContent: true } tag && tag.Message == last) begin--;
        return Text.AsSpan(begin, at - begin).IsWhiteSpace() ? start : ThinkingStart.None;
    }

    private static List<ChatSpan> SpansOf(TaggedText text)
    {
        var spans = new List<ChatSpan>();
        int start = 0;
        foreach (TaggedRun run in text.Runs)
        {
            var span = new ChatSpan(start, run.End - start, run.Tag.IsTemplate, run.Tag.IsGenerated);
            start = run.End;
            if (spans.Count > 0 && spans[^1].FromTemplate == span.FromTemplate && spans[^1].Generated == span.Generated)
                spans[^1] = spans[^1] with { Length = spans[^1].Length + span.Length };
            else
                spans.Add(span);
        }
        return spans;
    }
}
