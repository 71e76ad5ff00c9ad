using System.Globalization;
using System.Text;

namespace ParScale.Text.Chat.Jinja;

/// <summary>Reads the words within a tag.</summary>
internal sealed class TagLexer(string source, string file)
{
    private static readonly string[] Operators =
        ["//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"];

    /// <summary>The word that begins at an offset; <paramref name="end"/> is where it ends.</summary>
    /// <exception cref="ParScaleException">A string is not closed, or a character has no meaning.</exception>
    public Token Read(int at, int line, out int end)
    {
        char first = source[at];
        if (first is '\'' or '"') return ReadString(at, line, out end);
        if (char.IsAsciiDigit(first)) return ReadNumber(at, line, out end);
        if (IsNamePart(first))
        {
            end = at;
            while (end < source.Length && IsNamePart(source[end])) end++;
            return new Token(TokenKind.Name, source[at..end], line);
        }
        foreach (string name in Operators)
        {
            if (string.CompareOrdinal(source, at, name, 0, name.Length) != 0) continue;
            end = at + name.Length;
            return new Token(TokenKind.Operator, name, line);
        }
        throw Error(line, $"the character {ParScaleException.Quote(first.ToString())} has no meaning here");
    }

    private static bool IsNamePart(char c) => c == '_' || char.IsLetterOrDigit(c)
        || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    private Token ReadNumber(int at, int line, out int end)
    {
        int radix = source.AsSpan(at).StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? 16
            : source.AsSpan(at).StartsWith("0o", StringComparison.OrdinalIgnoreCase) ? 8
            : source.AsSpan(at).StartsWith("0b", StringComparison.OrdinalIgnoreCase) ? 2 : 10;
        end = at + (radix == 10 ? 0 : 2);
        Digits(radix, ref end);
        bool isFloat = false;
        // A number behind a dot is an index, as in x.0.1.
        if (radix == 10 && !(at > 0 && source[at - 1] == '.'))
        {
            if (HasDigit(end + 1) && source[end] == '.')
            {
                isFloat = true;
                end++;
                Digits(10, ref end);
            }
            int sign = end + 1 < source.Length && source[end + 1] is '+' or '-' ? 2 : 1;
            if (end < source.Length && source[end] is 'e' or 'E' && HasDigit(end + sign))
            {
                isFloat = true;
                end += sign;
                Digits(10, ref end);
            }
        }
        string digits = source[at..end].Replace("_", "", StringComparison.Ordinal);
        return new Token(isFloat ? TokenKind.Float : TokenKind.Integer, digits, line);
    }

    private bool HasDigit(int at) => at < source.Length && char.IsAsciiDigit(source[at]);

    private void Digits(int radix, ref int at)
    {
        while (at < source.Length && (source[at] == '_' || (radix == 16 ? char.IsAsciiHexDigit(source[at]) : char.IsAsciiDigit(source[at])))) at++;
    }

    private Token ReadString(int at, int line, out int end)
    {
        char quote = source[at];
        var text = new StringBuilder();
        for (int i = at + 1; i < source.Length;)
        {
            if (source[i] == quote)
            {
                end = i + 1;
                return new Token(TokenKind.String, text.ToString(), line);
            }
            if (source[i] == '\\' && i + 1 < source.Length) i = Escape(i + 1, line, text);
            else text.Append(source[i++]);
        }
        throw Error(line, "a string is not closed");
    }

    /// <summary>Reads an escape behind its backslash as Python does: one it does not know stays as it is.</summary>
    private int Escape(int at, int line, StringBuilder text)
    {
        char kind = source[at];
        if ("abfnrtv\\'\"".IndexOf(kind, StringComparison.Ordinal) is >= 0 and int known)
        {
            text.Append("\a\b\f\n\r\t\v\\'\""[known]);
            return at + 1;
        }
        if (kind == '\n') return at + 1;
        if (kind is >= '0' and <= '7')
        {
            int end = at;
            while (end < source.Length && end < at + 3 && source[end] is >= '0' and <= '7') end++;
            text.Append((char)source[at..end].Aggregate(0, (value, digit) => value * 8 + digit - '0'));
            return end;
        }
        int digits = kind switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits == 0)
        {
            text.Append('\\').Append(kind);
            return at + 1;
        }
        if (at + 1 + digits <= source.Length
            && uint.TryParse(source.AsSpan(at + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code) && code <= 0x10FFFF)
        {
            text.Append(code <= 0xFFFF ? ((char)code).ToString() : char.ConvertFromUtf32((int)code));
            return at + 1 + digits;
        }
        throw Error(line, $"the escape \\{kind} in a string needs {digits} hexadecimal digits of a character");
    }

    private ParScaleException Error(int line, string detail) => ParScaleException.BadInput("CT-01", file, $"line {line}: {detail}");
}
