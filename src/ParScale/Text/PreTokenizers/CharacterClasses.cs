using System.Globalization;
using System.Text;

namespace ParScale.Text.PreTokenizers;

/// <summary>The classes of Unicode code points that the splitting rules tell apart; every code point is in one of them.</summary>
[Flags]
internal enum CharacterClass : byte
{
    /// <summary><c>[\p{Lu}\p{Lt}]</c>.</summary>
    Upper = 1,

    /// <summary><c>\p{Ll}</c>.</summary>
    Lower = 2,

    /// <summary><c>[\p{Lm}\p{Lo}]</c>: letters without case.</summary>
    Caseless = 4,

    /// <summary><c>\p{M}</c>.</summary>
    Mark = 8,

    /// <summary><c>\p{N}</c>.</summary>
    Number = 16,

    /// <summary><c>\s</c>, Unicode's White_Space, without the next.</summary>
    Space = 32,

    /// <summary>Carriage return or line feed.</summary>
    NewLine = 64,

    /// <summary>Everything else: signs, controls, unassigned.</summary>
    Other = 128,

    /// <summary><c>\p{L}</c>.</summary>
    Letter = Upper | Lower | Caseless,
}

/// <summary>Finds the class of code points, also of those outside the basic plane, which .NET's expressions cannot see whole.</summary>
internal static class CharacterClasses
{
    private static readonly CharacterClass[] BasicPlane = [.. Enumerable.Range(0, 0x10000).Select(Classify)];

    /// <summary>The class of the code point at <paramref name="index"/>, and how many UTF-16 units it has.</summary>
    /// <remarks>The text must hold no lone surrogates.</remarks>
    public static CharacterClass At(ReadOnlySpan<char> text, int index, out int length)
    {
        char first = text[index];
        length = 1;
        if (!char.IsHighSurrogate(first)) return BasicPlane[first];
        length = 2;
        return Classify(char.ConvertToUtf32(first, text[index + 1]));
    }

    private static CharacterClass Classify(int value) => CharUnicodeInfo.GetUnicodeCategory(value) switch
    {
        _ when value is '\r' or '\n' => CharacterClass.NewLine,
        UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => CharacterClass.Upper,
        UnicodeCategory.LowercaseLetter => CharacterClass.Lower,
        UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => CharacterClass.Caseless,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => CharacterClass.Mark,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterClass.Number,
        _ => Rune.TryCreate(value, out Rune rune) && Rune.IsWhiteSpace(rune) ? CharacterClass.Space : CharacterClass.Other,
    };
}
