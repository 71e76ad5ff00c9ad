namespace ParScale.Text.PreTokenizers;

/// <summary>
/// Cuts text into the words that are merged on their own, as a rule says: alternative by alternative of the expression that the rule
/// stands for, over code points, in time linear in the text.
/// </summary>
internal static class WordSplitter
{
    private const CharacterClass UpperRun = CharacterClass.Upper | CharacterClass.Caseless | CharacterClass.Mark;
    private const CharacterClass LowerRun = CharacterClass.Lower | CharacterClass.Caseless | CharacterClass.Mark;
    private const CharacterClass WhiteSpace = CharacterClass.Space | CharacterClass.NewLine;

    // [^\r\n\p{L}\p{N}]
    private const CharacterClass BeforeWord = CharacterClass.Mark | CharacterClass.Space | CharacterClass.Other;
    private const CharacterClass Nothing = 0;

    /// <summary>The length in UTF-16 units of the word that starts at <paramref name="start"/>; at least 1.</summary>
    /// <remarks>The text must hold no lone surrogates, and <paramref name="start"/> must be the end of a word or 0.</remarks>
    public static int NextWord(ReadOnlySpan<char> text, int start, WordRule rule)
    {
        int contraction = Contraction(text[start..], rule.Leading);
        if (contraction > 0) return contraction;
        return (rule.Words == WordKind.Spaced ? SpacedEnd(text, start) : End(text, start, rule)) - start;
    }

    private static int End(ReadOnlySpan<char> text, int start, WordRule rule)
    {
        int word = rule.Words switch
        {
            WordKind.Cased => CasedEnd(text, start),
            WordKind.Marked => LettersEnd(text, start, CharacterClass.Letter | CharacterClass.Mark),
            _ => LettersEnd(text, start, CharacterClass.Letter),
        };
        if (word > start) return word + Contraction(text[word..], rule.Trailing);

        CharacterClass first = CharacterClasses.At(text, start, out int length);
        if (first == CharacterClass.Number) return EndOfRun(text, start + length, first, rule.MostDigits - 1);

        // Where a mark is part of a word, no mark comes this far: those among signs begin a word of their own.
        CharacterClass signs = rule.Words == WordKind.Marked ? CharacterClass.Other : CharacterClass.Other | CharacterClass.Mark;
        int sign = text[start] == ' ' ? start + 1 : start;
        if ((ClassAt(text, sign) & signs) != 0)
        {
            int end = EndOfRun(text, sign, signs);
            while (end < text.Length && (text[end] is '\r' or '\n' || (rule.SignsTakeSlashes && text[end] == '/'))) end++;
            return end;
        }
        int spaces = EndOfRun(text, start, WhiteSpace);
        int lastNewLine = text[start..spaces].LastIndexOfAny('\r', '\n');
        return lastNewLine >= 0 ? start + lastNewLine + 1 : LeaveOneBeforeWord(text, start, spaces);
    }

    // [^\r\n\p{L}\p{N}]? and then letters; start itself when there is no such word.
    private static int LettersEnd(ReadOnlySpan<char> text, int start, CharacterClass letters)
    {
        CharacterClass first = CharacterClasses.At(text, start, out int length);
        if ((first & letters) != 0) return EndOfRun(text, start + length, letters);
        bool isWord = (first & BeforeWord) != 0 && (ClassAt(text, start + length) & letters) != 0;
        return isWord ? EndOfRun(text, start + length, letters) : start;
    }

    // The first of these that matches: a character before and a word with a small end, that word alone, the same two with capitals alone.
    private static int CasedEnd(ReadOnlySpan<char> text, int start)
    {
        CharacterClass first = CharacterClasses.At(text, start, out int length);
        bool hasBefore = (first & BeforeWord) != 0;
        int word = hasBefore ? start + length : start;
        if (TryLowerEnd(text, word, out int upperEnd, out int end)) return end;

        // Only a mark may be both what stands before a word and its first letter; then it is a small end itself.
        if (hasBefore && TryLowerEnd(text, start, out _, out end)) return end;
        return upperEnd > word ? upperEnd : start;
    }

    /// <summary>
    /// <c>[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+</c>. When no small letter follows the run of the first set, the run
    /// gives back what it took down to its last character that is in the second set too.
    /// </summary>
    private static bool TryLowerEnd(ReadOnlySpan<char> text, int start, out int upperEnd, out int end)
    {
        end = start;
        upperEnd = start;
        while (upperEnd < text.Length)
        {
            CharacterClass found = CharacterClasses.At(text, upperEnd, out int length);
            if ((found & UpperRun) == 0) break;
            upperEnd += length;
            if ((found & LowerRun) != 0) end = upperEnd;
        }
        if (ClassAt(text, upperEnd) == CharacterClass.Lower) end = EndOfRun(text, upperEnd, LowerRun);
        return end > start;
    }

    private static int SpacedEnd(ReadOnlySpan<char> text, int start)
    {
        const CharacterClass Signs = CharacterClass.Other | CharacterClass.Mark;
        int word = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        CharacterClass first = CharacterClasses.At(text, word, out int length);
        if ((first & WhiteSpace) != 0) return LeaveOneBeforeWord(text, start, EndOfRun(text, start, WhiteSpace));
        CharacterClass same = (first & CharacterClass.Letter) != 0 ? CharacterClass.Letter : (first & Signs) != 0 ? Signs : first;
        return EndOfRun(text, word + length, same);
    }

    /// <summary>The length of 's, 't, 're, 've, 'm, 'll or 'd at the start of the text, or 0.</summary>
    private static int Contraction(ReadOnlySpan<char> text, ContractionKind kind)
    {
        if (kind == ContractionKind.None || text.Length < 2 || text[0] != '\'') return 0;
        char first = Fold(text[1], kind);
        if (first is 's' or 't' or 'm' or 'd') return 2;
        if (text.Length < 3) return 0;
        char second = Fold(text[2], kind);
        return (first, second) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    // U+017F, the long s, is the one character outside ASCII whose case folding is one of the contractions' letters.
    private static char Fold(char c, ContractionKind kind) => kind switch
    {
        ContractionKind.Folded when c == '\u017F' => 's',
        ContractionKind.Folded or ContractionKind.AnyCase when char.IsAsciiLetterUpper(c) => (char)(c | 0x20),
        _ => c,
    };

    private static CharacterClass ClassAt(ReadOnlySpan<char> text, int index) => index < text.Length ? CharacterClasses.At(text, index, out _) : Nothing;

    private static int EndOfRun(ReadOnlySpan<char> text, int index, CharacterClass wanted, int most = int.MaxValue)
    {
        for (; most > 0 && index < text.Length && (CharacterClasses.At(text, index, out int length) & wanted) != 0; most--) index += length;
        return index;
    }

    // \s+(?!\S)|\s+ : white space before a word leaves its last character to that word, unless it has only one.
    private static int LeaveOneBeforeWord(ReadOnlySpan<char> text, int start, int end) =>
        end < text.Length && end - start > 1 ? end - 1 : end;
}
