using System.Text;
using ParScale.Text.PreTokenizers;

namespace ParScale.Text;

/// <summary>A step that changes the whole text before it is cut.</summary>
internal interface INormalizer
{
    /// <summary>The text after the step. It holds no lone surrogates before or after.</summary>
    string Normalize(string text);

    /// <summary>Whether the text after the step begins where the one before it did, as the reference implementation counts it.</summary>
    bool KeepsBegin(string text) => true;
}

/// <summary>Brings text to one of Unicode's normalisation forms.</summary>
/// <param name="Form">Which one.</param>
internal sealed record UnicodeNormalizer(NormalizationForm Form) : INormalizer
{
    public string Normalize(string text) => TextCleaner.Normalize(text, Form);
}

/// <summary>Puts a text in place of others.</summary>
/// <param name="Pattern">What is replaced, wherever it occurs: an expression or just text, not empty.</param>
/// <param name="IsLiteral">Whether it is just text.</param>
/// <param name="Content">What is put there.</param>
/// <exception cref="FormatException">The expression has something that is not supported.</exception>
internal sealed record ReplaceNormalizer(string Pattern, bool IsLiteral, string Content) : INormalizer
{
    private readonly SplitPattern? _pattern = IsLiteral ? null : SplitPattern.Parse(Pattern);

    public string Normalize(string text)
    {
        if (_pattern is null) return text.Replace(Pattern, Content, StringComparison.Ordinal);
        var replaced = new StringBuilder(text.Length);
        int done = 0;
        foreach ((int start, int end) in Matches(text))
        {
            replaced.Append(text, done, start - done).Append(Content);
            done = end;
        }
        return replaced.Append(text, done, text.Length - done).ToString();
    }

    /// <summary>Where it finds what it replaces.</summary>
    public IEnumerable<(int Start, int End)> Matches(string text) => _pattern?.Matches(text) ?? FindText(text);

    // What replaces several characters counts as if it stood where the last of them was.
    public bool KeepsBegin(string text)
    {
        (int start, int end) = Matches(text).FirstOrDefault((-1, -1));
        return start != 0 || (Content.Length > 0 && end == (char.IsHighSurrogate(text[0]) ? 2 : 1));
    }

    private IEnumerable<(int Start, int End)> FindText(string text)
    {
        for (int from = 0, at; (at = text.IndexOf(Pattern, from, StringComparison.Ordinal)) >= 0; from = at + Pattern.Length)
            yield return (at, at + Pattern.Length);
    }
}

/// <summary>Takes white space off the ends of a text.</summary>
/// <param name="Left">Whether off its beginning.</param>
/// <param name="Right">Whether off its end.</param>
internal sealed record StripNormalizer(bool Left, bool Right) : INormalizer
{
    public string Normalize(string text)
    {
        (int start, int length) = Kept(text);
        return text.Substring(start, length);
    }

    public bool KeepsBegin(string text) => Kept(text).Start == 0;

    /// <summary>What is left of a text.</summary>
    public (int Start, int Length) Kept(string text)
    {
        int start = Left ? text.Length - text.AsSpan().TrimStart().Length : 0;
        int end = Right ? text.AsSpan().TrimEnd().Length : text.Length;
        return (start, Math.Max(0, end - start));
    }
}

/// <summary>Puts something before text that is not empty.</summary>
/// <param name="Prefix">What is put there.</param>
internal sealed record PrependNormalizer(string Prefix) : INormalizer
{
    public string Normalize(string text) => text.Length == 0 ? text : Prefix + text;
}
