using System.Globalization;
using System.Text;

namespace ParScale.Cli.Chat.Editing;

/// <summary>Characters as a reader counts them: a letter with its accents, a flag, a family of emoji.</summary>
internal static class Graphemes
{
    /// <summary>Where the character that begins at or holds <paramref name="at"/> ends.</summary>
    public static int Next(string text, int at)
    {
        foreach (int start in StringInfo.ParseCombiningCharacters(text))
            if (start > at) return start;
        return text.Length;
    }

    /// <summary>Where the character before <paramref name="at"/> begins.</summary>
    public static int Previous(string text, int at)
    {
        int before = 0;
        foreach (int start in StringInfo.ParseCombiningCharacters(text))
        {
            if (start >= at) break;
            before = start;
        }
        return before;
    }

    /// <summary>The first boundary of characters at or after <paramref name="at"/>.</summary>
    public static int Snap(string text, int at) => at == 0 ? 0 : Next(text, at - 1);

    /// <summary>Columns that one character takes on a screen: 0, 1, or 2 for East Asian wide characters and emoji.</summary>
    public static int Width(ReadOnlySpan<char> grapheme)
    {
        int width = 0;
        foreach (Rune rune in grapheme.EnumerateRunes())
        {
            // The selector asks for the picture in place of the letter.
            const int emojiPresentation = 0xFE0F;
            width = Math.Max(width, rune.Value == emojiPresentation ? 2 : Width(rune));
        }
        return width;
    }

    private static int Width(Rune rune)
    {
        int value = rune.Value;
        foreach ((int first, int last) in Wide)
        {
            if (value < first) break;
            if (value <= last) return 2;
        }
        return Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.Format or UnicodeCategory.Control ? 0 : 1;
    }

    // East_Asian_Width W and F of Unicode 16, in order; neighbours with nothing but unassigned code points between them are joined.
    private static readonly (int First, int Last)[] Wide =
    [
        (0x1100, 0x115F), (0x231A, 0x231B), (0x2329, 0x232A), (0x23E9, 0x23EC), (0x23F0, 0x23F0), (0x23F3, 0x23F3), (0x25FD, 0x25FE),
        (0x2614, 0x2615), (0x2630, 0x2637), (0x2648, 0x2653), (0x267F, 0x267F), (0x268A, 0x268F), (0x2693, 0x2693), (0x26A1, 0x26A1),
        (0x26AA, 0x26AB), (0x26BD, 0x26BE), (0x26C4, 0x26C5), (0x26CE, 0x26CE), (0x26D4, 0x26D4), (0x26EA, 0x26EA), (0x26F2, 0x26F3),
        (0x26F5, 0x26F5), (0x26FA, 0x26FA), (0x26FD, 0x26FD), (0x2705, 0x2705), (0x270A, 0x270B), (0x2728, 0x2728), (0x274C, 0x274C),
        (0x274E, 0x274E), (0x2753, 0x2755), (0x2757, 0x2757), (0x2795, 0x2797), (0x27B0, 0x27B0), (0x27BF, 0x27BF), (0x2B1B, 0x2B1C),
        (0x2B50, 0x2B50), (0x2B55, 0x2B55), (0x2E80, 0x303E), (0x3041, 0x3247), (0x3250, 0xA4CF), (0xA960, 0xA97C), (0xAC00, 0xD7A3),
        (0xF900, 0xFAFF), (0xFE10, 0xFE19), (0xFE30, 0xFE6B), (0xFF01, 0xFF60), (0xFFE0, 0xFFE6), (0x16FE0, 0x18DFF), (0x1AFF0, 0x1B2FF),
        (0x1D300, 0x1D376), (0x1F004, 0x1F004), (0x1F0CF, 0x1F0CF), (0x1F18E, 0x1F18E), (0x1F191, 0x1F19A), (0x1F1E6, 0x1F202),
        (0x1F210, 0x1F320), (0x1F32D, 0x1F335), (0x1F337, 0x1F37C), (0x1F37E, 0x1F393), (0x1F3A0, 0x1F3CA), (0x1F3CF, 0x1F3D3),
        (0x1F3E0, 0x1F3F0), (0x1F3F4, 0x1F3F4), (0x1F3F8, 0x1F43E), (0x1F440, 0x1F440), (0x1F442, 0x1F4FC), (0x1F4FF, 0x1F53D),
        (0x1F54B, 0x1F54E), (0x1F550, 0x1F567), (0x1F57A, 0x1F57A), (0x1F595, 0x1F596), (0x1F5A4, 0x1F5A4), (0x1F5FB, 0x1F64F),
        (0x1F680, 0x1F6C5), (0x1F6CC, 0x1F6CC), (0x1F6D0, 0x1F6D2), (0x1F6D5, 0x1F6DF), (0x1F6EB, 0x1F6EC), (0x1F6F4, 0x1F6FC),
        (0x1F7E0, 0x1F7F0), (0x1F90C, 0x1F93A), (0x1F93C, 0x1F945), (0x1F947, 0x1F9FF), (0x1FA70, 0x1FAF8), (0x20000, 0x3FFFD),
    ];
}
