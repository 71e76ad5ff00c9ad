namespace ParScale.Text.Chat;

/// <summary>A text of which every character has a <see cref="TextTag"/>. Immutable.</summary>
internal sealed class TaggedText
{
    private readonly (int End, TextTag Tag)[] _runs;

    /// <summary>A text of one origin.</summary>
    public TaggedText(string text, TextTag tag)
    {
        Text = text;
        _runs = text.Length == 0 ? [] : [(text.Length, tag)];
    }

    /// <summary>A text of several origins: runs in order, the last one ending with the text.</summary>
    internal TaggedText(string text, (int End, TextTag Tag)[] runs) => (Text, _runs) = (text, runs);

    /// <summary>The characters.</summary>
    public string Text { get; }

    /// <summary>Stretches of one tag: where each ends, and its tag. Neighbours differ.</summary>
    public IReadOnlyList<(int End, TextTag Tag)> Runs => _runs;
}
