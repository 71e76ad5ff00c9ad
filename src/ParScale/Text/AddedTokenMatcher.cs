using System.Buffers;
using System.Globalization;
using System.Text;
using ParScale.Text.Chat;

namespace ParScale.Text;

/// <summary>Which added tokens a text may hold.</summary>
/// <param name="MatchSpecial">Whether those that control the model are among them.</param>
/// <param name="Chat">The text with its origins, where these decide: a token stands where all of it is the template's. Null where they do not.</param>
internal readonly record struct MatchRule(bool MatchSpecial, TaggedText? Chat = null)
{
    /// <summary>Whether a token may stand there.</summary>
    public bool Allows(AddedToken token, int start)
    {
        if (Chat is null) return true;
        if (Chat.All(start, start + token.Content.Length, tag => tag.IsTemplate)) return true;
        // What an assistant said may hold the tokens that it may say, such as <think>; they control nothing.
        TextTag first = Chat.TagAt(start);
        return !token.Special && first.IsAssistant && Chat.All(start, start + token.Content.Length, first.HasOriginOf);
    }
}

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
    private AddedToken? Next(ReadOnlySpan<char> text, int from, MatchRule rule, out int start, out int end)
    {
        for (int search = from; ;)
        {
            int offset = text[search..].IndexOfAny(_contents);
            start = end = text.Length;
            if (offset < 0) return null;

            start = search + offset;
            AddedToken? token = LongestAt(text, start, rule);
            // Data before a token of the template must not hide it: then the search goes on at the next character.
            end = start + (token?.Content.Length ?? 1);
            search = end;
            if (token is null || (token.Special && !rule.MatchSpecial)) continue;
            if (token.SingleWord && (EndsWithWord(text[..start]) || StartsWithWord(text[end..]))) continue;

            if (token.StripLeft) start = from + text[from..start].TrimEnd().Length;
            if (token.StripRight) end = text.Length - text[end..].TrimStart().Length;
            return token;
        }
    }

    /// <summary>
    /// Adds the ids of the tokens in the text, in order, and gives each text between, with where it begins, to
    /// <paramref name="encodePlain"/>.
    /// </summary>
    public void Split(string text, MatchRule rule, List<int> ids, Action<int, string> encodePlain)
    {
        int done = 0;
        while (done < text.Length)
        {
            AddedToken? token = Next(text, done, rule, out int start, out int end);
            if (start > done) encodePlain(done, text[done..start]);
            if (token is not null) ids.Add(token.Id);
            done = end;
        }
    }

    private AddedToken? LongestAt(ReadOnlySpan<char> text, int start, MatchRule rule)
    {
        foreach (AddedToken token in _longestFirst[text[start]])
            if (text[start..].StartsWith(token.Content, StringComparison.Ordinal) && rule.Allows(token, start)) return token;
        return null;
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
