using System.Globalization;
using System.Text;
using ParScale.Text.Chat.Jinja.Functions;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Texts;

/// <summary>Methods that tell what a text is made of: true when it is not empty and all of it is.</summary>
internal static class TextQuestions
{
    public static readonly Builtin[] Methods =
    [
        new("isalpha", "", call => All(call, Rune.IsLetter)),
        new("isalnum", "", call => All(call, rune => Rune.IsLetter(rune) || Rune.IsNumber(rune))),
        new("isdigit", "", call => All(call, rune => CharUnicodeInfo.GetDigitValue(rune.ToString(), 0) >= 0)),
        new("isdecimal", "", call => All(call, rune => CharUnicodeInfo.GetDecimalDigitValue(rune.ToString(), 0) >= 0)),
        new("isnumeric", "", call => All(call, rune => CharUnicodeInfo.GetNumericValue(rune.ToString(), 0) >= 0)),
        new("isspace", "", call => All(call, rune => rune.IsBmp && PythonText.IsSpace((char)rune.Value))),
        new("isascii", "", call => BoolValue.Of(Ascii.IsValid(call.Text.Text))),
        new("isidentifier", "", call => BoolValue.Of(IsIdentifier(call.Text.Text))),
        new("isprintable", "", call => BoolValue.Of(call.Text.Text.EnumerateRunes().All(rune => Printer.IsPrintable(rune.Value)))),
        new("islower", "", call => BoolValue.Of(IsCased(call.Text.Text, IsLower, IsUpper))),
        new("isupper", "", call => BoolValue.Of(IsCased(call.Text.Text, IsUpper, IsLower))),
        new("istitle", "", call => BoolValue.Of(IsTitle(call.Text.Text))),
    ];

    public static bool IsLower(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.LowercaseLetter;

    public static bool IsUpper(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter;

    /// <summary>Whether some characters are of a case and none are of the other.</summary>
    public static bool IsCased(string text, Func<Rune, bool> isWanted, Func<Rune, bool> isOther) =>
        text.EnumerateRunes().Any(isWanted) && !text.EnumerateRunes().Any(isOther);

    private static BoolValue All(Call call, Func<Rune, bool> fits)
    {
        string text = call.Text.Text;
        call.Run.Charge(text.Length / 16);
        return BoolValue.Of(text.Length > 0 && text.EnumerateRunes().All(fits));
    }

    private static bool IsIdentifier(string text) =>
        text is [var first, ..] && !char.IsAsciiDigit(first) && text.All(c => c == '_' || char.IsLetterOrDigit(c));

    private static bool IsTitle(string text)
    {
        (bool any, bool inWord) = (false, false);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if ((IsUpper(rune) && inWord) || (IsLower(rune) && !inWord)) return false;
            inWord = IsUpper(rune) || IsLower(rune);
            any |= inWord;
        }
        return any;
    }
}
