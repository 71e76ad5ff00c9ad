namespace ParScale.Text.Chat;

/// <summary>A chat as its template writes it, with the origin of every character. <see cref="Tokenizer.Encode(RenderedChat)"/> makes tokens of it.</summary>
public sealed class RenderedChat
{
    private readonly TaggedText _text;

    internal RenderedChat(TaggedText text)
    {
        _text = text;
        Spans = [.. SpansOf(text)];
    }

    /// <summary>The whole text.</summary>
    public string Text => _text.Text;

    /// <summary>Where each stretch of the text comes from: in order, without gaps, neighbours differ.</summary>
    public IReadOnlyList<ChatSpan> Spans { get; }

    /// <summary>The text with the tags that the spans are made of.</summary>
    internal TaggedText Tagged => _text;

    private static IEnumerable<ChatSpan> SpansOf(TaggedText text)
    {
        int start = 0;
        ChatSpan last = default;
        foreach ((int end, TextTag tag) in text.Runs)
        {
            var span = new ChatSpan(start, end - start, tag.IsTemplate, tag.IsGenerated);
            start = end;
            if (last.Length > 0 && last.FromTemplate == span.FromTemplate && last.Generated == span.Generated)
            {
                last = last with { Length = last.Length + span.Length };
                continue;
            }
            if (last.Length > 0) yield return last;
            last = span;
        }
        if (last.Length > 0) yield return last;
    }
}
