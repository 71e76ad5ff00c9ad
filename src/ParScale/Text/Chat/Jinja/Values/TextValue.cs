namespace ParScale.Text.Chat.Jinja.Values;

/// <summary>A text, every character of which knows where it comes from. Python counts its code points, .NET its UTF-16 units.</summary>
internal sealed class TextValue(TaggedText tagged, bool isMarkup = false) : Value
{
    private const int UnitsPerStep = 128;
    private const int RunsPerStep = 8;

    private bool? _hasSurrogates;

    public static TextValue Empty { get; } = new(TaggedText.Empty);

    public TaggedText Tagged => tagged;

    public string Text => tagged.Text;

    /// <summary>Whether it counts as HTML (Python's <c>Markup</c>).</summary>
    public bool IsMarkup => isMarkup;

    public override string TypeName => "str";

    public override bool IsTruthy => tagged.Length > 0;

    public override long Size => 1 + tagged.Length / UnitsPerStep + tagged.Runs.Length / RunsPerStep;

    public override long Breadth => Size;

    /// <summary>Number of code points.</summary>
    public int Count => HasSurrogates ? CountUnits(Text.Length) : Text.Length;

    private bool HasSurrogates => _hasSurrogates ??= Text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0;

    public static TextValue Template(string text) => new(TaggedText.Template(text));

    public static TextValue Data(string text) => new(TaggedText.Data(text));

    /// <summary>Where the code point of an index begins, in UTF-16 units; for the index behind the last one, the length.</summary>
    public int OffsetOf(int index)
    {
        if (!HasSurrogates) return index;
        int offset = 0;
        for (; index > 0; index--) offset += UnitsAt(offset);
        return offset;
    }

    /// <summary>The index of the code point that begins at an offset.</summary>
    public int IndexOf(int offset) => HasSurrogates ? CountUnits(offset) : offset;

    /// <summary>The code points, each as a text.</summary>
    public IEnumerable<TextValue> Characters()
    {
        for (int offset = 0; offset < Text.Length;)
        {
            int units = UnitsAt(offset);
            yield return new TextValue(tagged.Slice(offset, units));
            offset += units;
        }
    }

    private int UnitsAt(int offset) => offset + 1 < Text.Length && char.IsSurrogatePair(Text[offset], Text[offset + 1]) ? 2 : 1;

    private int CountUnits(int end)
    {
        int count = 0;
        for (int offset = 0; offset < end; offset += UnitsAt(offset)) count++;
        return count;
    }
}
