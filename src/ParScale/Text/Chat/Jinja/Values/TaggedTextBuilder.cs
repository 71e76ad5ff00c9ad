using System.Text;

namespace ParScale.Text.Chat.Jinja.Values;

/// <summary>Puts texts together. Every character counts towards the budget of a run.</summary>
internal sealed class TaggedTextBuilder(Run run)
{
    private readonly StringBuilder _text = new();
    private readonly List<TaggedRun> _runs = [];

    /// <summary>UTF-16 units so far.</summary>
    public int Length => _text.Length;

    public TaggedTextBuilder Append(string text, TextTag tag)
    {
        if (text.Length == 0) return this;
        run.RequireCharacters((long)_text.Length + text.Length);
        _text.Append(text);
        Tag(tag);
        return this;
    }

    /// <summary>Appends text that this program made, of which the origin cannot be told.</summary>
    public TaggedTextBuilder Append(string text) => Append(text, TextTag.Data);

    public TaggedTextBuilder Append(TaggedText text, bool generated = false) => Append(text, 0, text.Length, generated);

    /// <summary>Appends a part of a text.</summary>
    public TaggedTextBuilder Append(TaggedText text, int start, int length, bool generated = false)
    {
        if (length == 0) return this;
        run.RequireCharacters((long)_text.Length + length);
        int before = _text.Length;
        _text.Append(text.Text, start, length);
        ReadOnlySpan<TaggedRun> runs = text.Runs[text.RunAt(start)..];
        foreach (TaggedRun piece in runs)
        {
            int end = Math.Min(piece.End - start, length);
            Tag(generated ? piece.Tag.AsGenerated : piece.Tag, before + end);
            if (end == length) break;
        }
        run.Charge(length / 128 + 1);
        return this;
    }

    public TaggedText ToText() => _runs.Count == 0 ? TaggedText.Empty : new TaggedText(_text.ToString(), [.. _runs]);

    public TextValue ToValue() => new(ToText());

    private void Tag(TextTag tag) => Tag(tag, _text.Length);

    private void Tag(TextTag tag, int end)
    {
        if (_runs.Count > 0 && _runs[^1].Tag == tag) _runs[^1] = new TaggedRun(end, tag);
        else _runs.Add(new TaggedRun(end, tag));
    }
}
