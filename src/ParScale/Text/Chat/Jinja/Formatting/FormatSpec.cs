using ParScale.Text.Chat.Jinja.Texts;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Formatting;

/// <summary>How a value is formatted: what stands behind the colon of <c>{:>8.2f}</c>, or behind the sign of <c>%8.2f</c>.</summary>
internal sealed record FormatSpec
{
    private const int Widest = 100_000;

    public string Fill { get; init; } = " ";

    /// <summary><c>&lt;</c>, <c>&gt;</c>, <c>^</c>, <c>=</c> (behind the sign), or 0 for what the type has.</summary>
    public char Align { get; init; }

    /// <summary>What stands before a number that is not negative: <c>+</c>, a space, or 0 for nothing.</summary>
    public char Sign { get; init; }

    /// <summary>Whether numbers show their base.</summary>
    public bool Alternate { get; init; }

    public int Width { get; init; }

    /// <summary>What stands between thousands; 0 for nothing.</summary>
    public char Grouping { get; init; }

    public int? Precision { get; init; }

    /// <summary>The letter of the type; 0 for the value's own.</summary>
    public char Type { get; init; }

    /// <exception cref="ParScaleException">The text is no such specification.</exception>
    public static FormatSpec Parse(string text, Run run)
    {
        var spec = new FormatSpec();
        int at = 0;
        if (text.Length > 1 && IsAlign(text[1]))
        {
            spec = spec with { Fill = text[..1], Align = text[1] };
            at = 2;
        }
        else if (text.Length > 0 && IsAlign(text[0]))
        {
            spec = spec with { Align = text[0] };
            at = 1;
        }
        if (Take("+- ") is var sign and not '\0') spec = spec with { Sign = sign == '-' ? '\0' : sign };
        if (Take("#") != '\0') spec = spec with { Alternate = true };
        if (Take("0") != '\0' && spec.Align == '\0') spec = spec with { Fill = "0", Align = '=' };
        spec = spec with { Width = Number(text, ref at, run) ?? 0 };
        spec = spec with { Grouping = Take(",_") };
        if (Take(".") != '\0') spec = spec with { Precision = Number(text, ref at, run) ?? throw run.Fails("a format has no precision behind its dot") };
        if (at < text.Length) spec = spec with { Type = text[at++] };
        return at == text.Length ? spec : throw run.Fails($"the format '{text}' is unknown");

        char Take(string any) => at < text.Length && any.Contains(text[at], StringComparison.Ordinal) ? text[at++] : '\0';
    }

    /// <summary>Digits at a place in a text as a number of modest size.</summary>
    public static int? Number(string text, ref int at, Run run)
    {
        int start = at;
        int number = 0;
        for (; at < text.Length && char.IsAsciiDigit(text[at]); at++)
        {
            if (number > Widest) throw run.OverBudget("CT-04", $"formats a value more than {Widest} characters wide");
            number = number * 10 + text[at] - '0';
        }
        return at > start ? number : null;
    }

    /// <summary>The text, made as wide as asked for. <paramref name="signLength"/> characters of it stand before zeros.</summary>
    public TaggedText Pad(TaggedText text, char ownAlign, int signLength, Run run)
    {
        int missing = Width - new TextValue(text).Count;
        if (missing <= 0) return text;
        TaggedText fill = TaggedText.Data(Fill);
        switch (Align == '\0' ? ownAlign : Align)
        {
            case '<': return TextOperations.Pad(text, 0, missing, fill, run);
            case '^': return TextOperations.Pad(text, missing / 2, missing - missing / 2, fill, run);
            case '=':
                TaggedText digits = TextOperations.Pad(text.Slice(signLength, text.Length - signLength), missing, 0, fill, run);
                return new TaggedTextBuilder(run).Append(text.Slice(0, signLength)).Append(digits).ToText();
            default: return TextOperations.Pad(text, missing, 0, fill, run);
        }
    }

    private static bool IsAlign(char c) => c is '<' or '>' or '^' or '=';
}
