using System.Buffers;
using System.Text;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Texts;

/// <summary>Upper, lower and title case as Python has them: some characters become several.</summary>
internal static class CaseMapping
{
    private const string Expanding = "\u00DF\u0149\u01F0\u0390\u03B0\u0587\u1E96\u1E97\u1E98\u1E99\uFB00\uFB01\uFB02\uFB03\uFB04\uFB05\uFB06";

    private static readonly SearchValues<char> ExpandingValues = SearchValues.Create(Expanding);

    private static readonly string[] Expanded =
    [
        "SS", "\u02BCN", "J\u030C", "\u0399\u0308\u0301", "\u03A5\u0308\u0301", "\u0535\u0552", "H\u0331", "T\u0308", "W\u030A", "Y\u030A",
        "FF", "FI", "FL", "FFI", "FFL", "ST", "ST",
    ];

    public static TaggedText Upper(TaggedText text, Run run) => Map(text, Upper, run);

    public static TaggedText Lower(TaggedText text, Run run) => Map(text, Lower, run);

    /// <summary>The first character in title case, the others in lower case.</summary>
    public static TaggedText Capitalize(TaggedText text, Run run) => Begin(text, Title, run);

    /// <summary>The first character changed, the others in lower case.</summary>
    public static TaggedText Begin(TaggedText text, Func<TaggedText, Run, TaggedText> first, Run run)
    {
        if (text.Length == 0) return text;
        int end = Rune.TryGetRuneAt(text.Text, 0, out Rune rune) ? rune.Utf16SequenceLength : 1;
        return new TaggedTextBuilder(run).Append(first(text.Slice(0, end), run)).Append(Lower(text.Slice(end, text.Length - end), run)).ToText();
    }

    /// <summary>A character in title case.</summary>
    public static TaggedText Title(TaggedText character, Run run) => Map(character, Title, run);

    /// <summary>Upper case becomes lower case and the other way round.</summary>
    public static TaggedText Swap(TaggedText text, Run run) => Map(text, piece => string.Concat(piece.EnumerateRunes().Select(rune =>
        Rune.IsUpper(rune) ? Lower(rune.ToString()) : Upper(rune.ToString()))), run);

    public static string Lower(string text)
    {
        string lower = text.Replace("\u0130", "i\u0307", StringComparison.Ordinal).ToLowerInvariant();
        if (!text.Contains('\u03A3', StringComparison.Ordinal)) return lower;
        // A sigma that ends a word has a form of its own.
        var letters = new StringBuilder(lower);
        for (int i = 1; i < lower.Length; i++)
        {
            bool endsWord = char.IsLetter(lower[i - 1]) && (i + 1 == lower.Length || !char.IsLetter(lower[i + 1]));
            if (lower[i] == '\u03C3' && endsWord && i < text.Length && text[i] == '\u03A3') letters[i] = '\u03C2';
        }
        return letters.ToString();
    }

    private static string Upper(string text)
    {
        if (!text.AsSpan().ContainsAny(ExpandingValues)) return text.ToUpperInvariant();
        IEnumerable<string> letters = text.Select(c => Expanding.IndexOf(c, StringComparison.Ordinal) is >= 0 and int known ? Expanded[known] : c.ToString());
        return string.Concat(letters).ToUpperInvariant();
    }

    private static string Title(string character)
    {
        // Letters of two have a title case of their own; the four groups stand in threes.
        if (character is [>= '\u01C4' and <= '\u01CC']) return ((char)('\u01C5' + (character[0] - '\u01C4') / 3 * 3)).ToString();
        if (character is [>= '\u01F1' and <= '\u01F3']) return "\u01F2";
        string upper = Upper(character);
        return upper.Length > character.Length ? upper[..1] + Lower(upper[1..]) : upper;
    }

    private static TaggedText Map(TaggedText text, Func<string, string> map, Run run)
    {
        run.Charge(text.Length / 16);
        var mapped = new TaggedTextBuilder(run);
        int start = 0;
        foreach (TaggedRun piece in text.Runs)
        {
            mapped.Append(map(text.Text[start..piece.End]), piece.Tag);
            start = piece.End;
        }
        return mapped.ToText();
    }
}
