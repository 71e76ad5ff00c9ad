using System.Buffers;
using System.Globalization;
using System.Text;

namespace ParScale.Text;

/// <summary>
/// Finds added tokens in text: leftmost first, longest first among those that start together; found ones never overlap.
/// </summary>
internal sealed class AddedTokenMatcher
{
    private readonly SearchValues<string> _contents;
    private readonly ILookup<char, AddedToken> _longestFirst;

    /// <summary>Takes the tokens to look for; none of their contents may be empty.</summary>
    public AddedTokenMatcher(IReadOnlyList<AddedToken> tokens)
    {
        _contents = SearchValues.Create([.. tokens.Select(token => token.Content)], StringComparison.Ordinal);
        _longestFirst = tokens.OrderByDescending(token => token.Content.Length).ToLookup(token => token.Content[0]);
    }

    /// <summary>
    /// Finds the next token at or after <paramref name="from"/>, where the last match ended.
    /// <paramref name="start"/> and <paramref name="end"/> bound what it takes of the text, white space included.
    /// </summary>
    private AddedToken? Next(ReadOnlySpan<char> text, int from, bool matchSpecial, out int start, out int end)
    {
        for (int search = from; ;)
        {
            int offset = text[search..].IndexOfAny(_contents);
            start = end = text.Length;
            if (offset < 0) return null;

            start = search + offset;
            AddedToken token = LongestAt(text, start);
            end = start + token.Content.Length;
            search = end;
            if (token.Special && !matchSpecial) continue;
            if (token.SingleWord && (EndsWithWord(text[..start]) || StartsWithWord(text[end..]))) continue;

            if (token.StripLeft) start = from + text[from..start].TrimEnd().Length;
            if (token.StripRight) end = text.Length - text[end..].TrimStart().Length;
            return token;
        }
    }

    /// <summary>Adds the ids of the tokens in the text, in order, and gives each text between to <paramref name="encodePlain"/>.</summary>
    public void Split(string text, bool matchSpecial, List<int> ids, Action<string> encodePlain)
    {
        int done = 0;
        while (done < text.Length)
        {
            AddedToken? token = Next(text, done, matchSpecial, out int start, out int end);
            if (start > done) encodePlain(text[done..start]);
            if (token is not null) ids.Add(token.Id);
            done = end;
        }
    }

    private AddedToken LongestAt(ReadOnlySpan<char> text, int start)
    {
        foreach (AddedToken token in _longestFirst[text[start]])
            if (text[start..].StartsWith(token.Content, StringComparison.Ordinal)) return token;
        throw new InvalidOperationException("The search found a string that is none of the tokens.");
    }

    private static bool StartsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeFromUtf16(text, out Rune rune, out _) == OperationStatus.Done && IsWord(rune);

    private static bool EndsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeLastFromUtf16(text, out Rune rune, out _) == OperationStatus.Done && IsWord(rune);

    // Unicode's \w: letters, marks, decimal digits, connectors, joiners, and the few symbols that count as alphabetic.
    private static bool IsWord(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
            or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber
            or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation => true,
        UnicodeCategory.OtherSymbol => rune.Value is (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149)
            or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189),
        _ => rune.Value is 0x200C or 0x200D,
    };
}
