namespace ParScale.Text.Chat;

/// <summary>A text of which every character has a <see cref="TextTag"/>. Immutable. Offsets are in UTF-16 units.</summary>
internal sealed class TaggedText
{
    private readonly TaggedRun[] _runs;

    /// <summary>A text of one origin.</summary>
    public TaggedText(string text, TextTag tag)
    {
        Text = text;
        _runs = text.Length == 0 ? [] : [new TaggedRun(text.Length, tag)];
    }

    /// <summary>A text of several origins. The runs must end with the text, and neighbours must differ.</summary>
    public TaggedText(string text, TaggedRun[] runs) => (Text, _runs) = (text, runs);

    /// <summary>No characters.</summary>
    public static TaggedText Empty { get; } = new("", []);

    /// <summary>The characters.</summary>
    public string Text { get; }

    /// <summary>Number of UTF-16 units.</summary>
    public int Length => Text.Length;

    /// <summary>The stretches of one tag, in order.</summary>
    public ReadOnlySpan<TaggedRun> Runs => _runs;

    /// <summary>Text that a template holds.</summary>
    public static TaggedText Template(string text) => new(text, TextTag.Template);

    /// <summary>Text of unknown origin.</summary>
    public static TaggedText Data(string text) => new(text, TextTag.Data);

    /// <summary>The tag of a character.</summary>
    public TextTag TagAt(int offset) => _runs[RunAt(offset)].Tag;

    /// <summary>A part of the text.</summary>
    public TaggedText Slice(int start, int length)
    {
        if (length == 0) return Empty;
        if (length == Length) return this;
        int first = RunAt(start);
        int last = RunAt(start + length - 1);
        var runs = new TaggedRun[last - first + 1];
        for (int i = first; i <= last; i++) runs[i - first] = new TaggedRun(Math.Min(_runs[i].End - start, length), _runs[i].Tag);
        return new TaggedText(Text.Substring(start, length), runs);
    }

    /// <summary>Whether all characters from <paramref name="start"/> up to <paramref name="end"/> have a tag that fits.</summary>
    public bool All(int start, int end, Func<TextTag, bool> fits)
    {
        for (int i = RunAt(start); i < _runs.Length; i++)
        {
            if (!fits(_runs[i].Tag)) return false;
            if (_runs[i].End >= end) return true;
        }
        return true;
    }

    /// <summary>The index of the run that holds a character.</summary>
    public int RunAt(int offset)
    {
        (int low, int high) = (0, _runs.Length - 1);
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_runs[middle].End <= offset) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}

/// <summary>A stretch of characters of one tag, which ends before <paramref name="End"/>.</summary>
internal readonly record struct TaggedRun(int End, TextTag Tag);
