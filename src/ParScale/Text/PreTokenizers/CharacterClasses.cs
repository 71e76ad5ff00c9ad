using System.Globalization;
using System.Text;

namespace ParScale.Text.PreTokenizers;

/// <summary>The classes of Unicode code points that the splitting rules tell apart.</summary>
internal enum CharacterClass : byte
{
    /// <summary>Everything else: signs, marks, controls, unassigned.</summary>
    Other,

    /// <summary><c>\p{L}</c>.</summary>
    Letter,

    /// <summary><c>\p{N}</c>.</summary>
    Number,

    /// <summary><c>\s</c>, Unicode's White_Space, without the next.</summary>
    Space,

    /// <summary>Carriage return or line feed.</summary>
    NewLine,
}

/// <summary>Finds the class of code points, also of those outside the basic plane, which .NET's expressions cannot see whole.</summary>
internal static class CharacterClasses
{
    private static readonly CharacterClass[] Ascii = [.. Enumerable.Range(0, 128).Select(value => Classify(new Rune(value)))];

    /// <summary>The class of the code point at <paramref name="index"/>, and how many UTF-16 units it has.</summary>
    /// <remarks>The text must hold no lone surrogates.</remarks>
    public static CharacterClass At(ReadOnlySpan<char> text, int index, out int length)
    {
        char first = text[index];
        length = 1;
        if (first < Ascii.Length) return Ascii[first];
        if (!char.IsHighSurrogate(first)) return Classify(new Rune(first));
        length = 2;
        return Classify(new Rune(first, text[index + 1]));
    }

    private static CharacterClass Classify(Rune rune)
    {
        if (rune.Value is '\r' or '\n') return CharacterClass.NewLine;
        if (Rune.IsWhiteSpace(rune)) return CharacterClass.Space;
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => CharacterClass.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterClass.Number,
            _ => CharacterClass.Other,
        };
    }
}
