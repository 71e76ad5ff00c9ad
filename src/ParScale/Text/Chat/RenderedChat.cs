namespace ParScale.Text.Chat;

/// <summary>A chat as its template writes it, with the origin of every character. <see cref="Tokenizer.Encode(RenderedChat)"/> makes tokens of it.</summary>
public sealed class RenderedChat
{
    private readonly TaggedText _text;

    internal RenderedChat(TaggedText text)
    {
        _text = text;
        Spans = SpansOf(text);
    }

    /// <summary>The whole text.</summary>
    public string Text => _text.Text;

    /// <summary>Where each stretch of the text comes from: in order, without gaps, neighbours differ.</summary>
    public IReadOnlyList<ChatSpan> Spans { get; }

    /// <summary>The text with the tags that the spans are made of.</summary>
    internal TaggedText Tagged => _text;

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
