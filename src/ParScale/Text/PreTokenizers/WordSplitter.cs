namespace ParScale.Text.PreTokenizers;

/// <summary>The expressions that are written out as code; every other is run by <see cref="SplitPattern"/>.</summary>
internal enum SplitRule
{
    /// <summary>Qwen2's expression: letters with one sign before them, single digits, signs, white space.</summary>
    Qwen2,

    /// <summary>Llama 3's expression: that of Qwen2 with up to three digits together.</summary>
    Llama3,

    /// <summary>GPT-2's expression: letters, digits or signs, each with one space before them, and white space.</summary>
    Gpt2,
}

/// <summary>
/// Cuts text into the words that are merged on their own. Each rule is the meaning of one known regular expression,
/// alternative by alternative, written over code points, so that the time is linear in the text.
/// </summary>
internal static class WordSplitter
{
    /// <summary>
    /// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
    /// </summary>
    public const string Qwen2Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>Qwen2's with <c>\p{N}{1,3}</c> in place of <c>\p{N}</c>.</summary>
    public const string Llama3Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>The expression of byte-level steps that split by themselves.</summary>
    public const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private const int Llama3Digits = 3;

    /// <summary>The rule that does what an expression says; null when it is none of these.</summary>
    public static SplitRule? RuleOf(string pattern) => pattern switch
    {
        Qwen2Pattern => SplitRule.Qwen2,
        Llama3Pattern => SplitRule.Llama3,
        Gpt2Pattern => SplitRule.Gpt2,
        _ => null,
    };

    /// <summary>The length in UTF-16 units of the word that starts at <paramref name="start"/>; at least 1.</summary>
    /// <remarks>The text must hold no lone surrogates, and <paramref name="start"/> must be the end of a word or 0.</remarks>
    public static int NextWord(ReadOnlySpan<char> text, int start, SplitRule rule) =>
        (rule == SplitRule.Gpt2 ? Gpt2End(text, start) : Qwen2End(text, start, rule == SplitRule.Qwen2 ? 1 : Llama3Digits)) - start;

    private static int Qwen2End(ReadOnlySpan<char> text, int start, int mostDigits)
    {
        int contraction = Contraction(text[start..], ignoreCase: true);
        if (contraction > 0) return start + contraction;

        CharacterClass first = CharacterClasses.At(text, start, out int length);
        int second = start + length;
        if (first == CharacterClass.Letter) return EndOfRun(text, second, CharacterClass.Letter);
        if (first == CharacterClass.Number) return EndOfRun(text, second, CharacterClass.Number, mostDigits - 1);

        CharacterClass next = second < text.Length ? CharacterClasses.At(text, second, out _) : CharacterClass.Space;
        if (first != CharacterClass.NewLine && next == CharacterClass.Letter) return EndOfRun(text, second, CharacterClass.Letter);
        if (first == CharacterClass.Other || (text[start] == ' ' && next == CharacterClass.Other))
            return EndOfRun(text, EndOfRun(text, second, CharacterClass.Other), CharacterClass.NewLine);

        int end = EndOfWhiteSpace(text, start);
        int lastNewLine = text[start..end].LastIndexOfAny('\r', '\n');
        return lastNewLine >= 0 ? start + lastNewLine + 1 : LeaveOneBeforeWord(text, start, end);
    }

    private static int Gpt2End(ReadOnlySpan<char> text, int start)
    {
        int contraction = Contraction(text[start..], ignoreCase: false);
        if (contraction > 0) return start + contraction;

        int wordStart = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        CharacterClass first = CharacterClasses.At(text, wordStart, out int length);
        bool isSpace = first is CharacterClass.Space or CharacterClass.NewLine;
        return isSpace ? LeaveOneBeforeWord(text, start, EndOfWhiteSpace(text, start)) : EndOfRun(text, wordStart + length, first);
    }

    /// <summary>The length of 's, 't, 're, 've, 'm, 'll or 'd at the start of the text, or 0.</summary>
    private static int Contraction(ReadOnlySpan<char> text, bool ignoreCase)
    {
        if (text.Length < 2 || text[0] != '\'') return 0;
        char first = Fold(text[1], ignoreCase);
        if (first is 's' or 't' or 'm' or 'd') return 2;
        if (text.Length < 3) return 0;
        char second = Fold(text[2], ignoreCase);
        return (first, second) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    // U+017F, the long s, is the one character outside ASCII whose case folding is one of the contractions' letters.
    private static char Fold(char c, bool ignoreCase)
    {
        if (!ignoreCase) return c;
        return c == '\u017F' ? 's' : char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c;
    }

    private static int EndOfRun(ReadOnlySpan<char> text, int index, CharacterClass wanted, int most = int.MaxValue)
    {
        for (; most > 0 && index < text.Length && CharacterClasses.At(text, index, out int length) == wanted; most--) index += length;
        return index;
    }

    private static int EndOfWhiteSpace(ReadOnlySpan<char> text, int index)
    {
        while (index < text.Length && CharacterClasses.At(text, index, out _) is CharacterClass.Space or CharacterClass.NewLine) index++;
        return index;
    }

    // \s+(?!\S)|\s+ : white space before a word leaves its last character to that word, unless it has only one.
    private static int LeaveOneBeforeWord(ReadOnlySpan<char> text, int start, int end) =>
        end < text.Length && end - start > 1 ? end - 1 : end;
}
