using System.Globalization;
using System.Text;

namespace ParScale.Text.Chat.Jinja.Values;

/// <summary>Values as Python's <c>str</c> and <c>repr</c> print them.</summary>
internal static class Printer
{
    /// <summary>A value as it is printed by itself: what is undefined as nothing.</summary>
    public static TaggedText Str(Value value, Run run) => value switch
    {
        TextValue text => text.Tagged,
        UndefinedValue => TaggedText.Empty,
        IntValue number => new TaggedText(number.Number.ToString(CultureInfo.InvariantCulture), number.FromTemplate ? TextTag.Template : TextTag.Data),
        FloatValue number => new TaggedText(Float(number.Number), number.FromTemplate ? TextTag.Template : TextTag.Data),
        _ => Repr(value, run),
    };

    /// <summary>A value as it is printed within a list.</summary>
    public static TaggedText Repr(Value value, Run run)
    {
        var text = new TaggedTextBuilder(run);
        Write(value, text, run);
        return text.ToText();
    }

    /// <summary>The shortest digits that read back as the same number, in Python's form.</summary>
    public static string Float(double number)
    {
        if (double.IsNaN(number)) return "nan";
        if (double.IsInfinity(number)) return number > 0 ? "inf" : "-inf";
        string[] parts = Math.Abs(number).ToString("R", CultureInfo.InvariantCulture).Split('E');
        string[] mantissa = parts[0].Split('.');
        string all = string.Concat(mantissa);
        string digits = all.TrimStart('0');
        int power = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        int exponent = mantissa[0].Length + power - 1 - (all.Length - digits.Length);
        digits = digits.TrimEnd('0');
        string sign = double.IsNegative(number) ? "-" : "";
        if (digits.Length == 0) return sign + "0.0";
        if (exponent is < -4 or >= 16)
        {
            string fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }
        if (exponent < 0) return sign + "0." + new string('0', -exponent - 1) + digits;
        string whole = digits.PadRight(exponent + 1, '0');
        return sign + whole[..(exponent + 1)] + "." + (whole.Length > exponent + 1 ? whole[(exponent + 1)..] : "0");
    }

    private static void Write(Value value, TaggedTextBuilder to, Run run)
    {
        run.Step();
        switch (value)
        {
            case TextValue { IsMarkup: true } text:
                to.Append("Markup(");
                Quote(text.Tagged, to);
                to.Append(")");
                break;
            case TextValue text: Quote(text.Tagged, to); break;
            case ListValue { Kind: ListKind.Range, Range: var range }: to.Append(range.ToString()); break;
            case ListValue list: WriteItems(list, to, run); break;
            case DictValue dict: WriteEntries(dict, to, run); break;
            case NoneValue: to.Append("None"); break;
            case BoolValue flag: to.Append(flag.IsTrue ? "True" : "False"); break;
            case IntValue or FloatValue: to.Append(Str(value, run)); break;
            case UndefinedValue: to.Append("Undefined"); break;
            default: to.Append(value.Shown); break;
        }
    }

    private static void WriteItems(ListValue list, TaggedTextBuilder to, Run run)
    {
        (string open, string close) = list.Kind switch
        {
            ListKind.List => ("[", "]"),
            ListKind.Tuple => ("(", list.Items.Length == 1 ? ",)" : ")"),
            _ => (list.TypeName + "([", "])"),
        };
        to.Append(open);
        for (int i = 0; i < list.Items.Length; i++)
        {
            if (i > 0) to.Append(", ");
            Write(list.Items[i], to, run);
        }
        to.Append(close);
    }

    private static void WriteEntries(DictValue dict, TaggedTextBuilder to, Run run)
    {
        to.Append("{");
        int i = 0;
        foreach ((Value key, Value value) in dict.Entries)
        {
            if (i++ > 0) to.Append(", ");
            Write(key, to, run);
            to.Append(": ");
            Write(value, to, run);
        }
        to.Append("}");
    }

    private static void Quote(TaggedText text, TaggedTextBuilder to)
    {
        char quote = text.Text.Contains('\'', StringComparison.Ordinal) && !text.Text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        to.Append(quote.ToString());
        int plain = 0;
        for (int i = 0; i < text.Length;)
        {
            bool isRune = Rune.TryGetRuneAt(text.Text, i, out Rune rune);
            int units = isRune ? rune.Utf16SequenceLength : 1;
            if (Escaped(isRune ? rune.Value : text.Text[i], quote) is { } escaped)
            {
                to.Append(text, plain, i - plain).Append(escaped, text.TagAt(i));
                plain = i + units;
            }
            i += units;
        }
        to.Append(text, plain, text.Length - plain).Append(quote.ToString());
    }

    private static string? Escaped(int character, char quote) => character switch
    {
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ when character == quote => "\\" + quote,
        _ when IsPrintable(character) => null,
        <= 0xFF => $"\\x{character:x2}",
        <= 0xFFFF => $"\\u{character:x4}",
        _ => $"\\U{character:x8}",
    };

    /// <summary>Whether Python prints a character as it is.</summary>
    public static bool IsPrintable(int character) => character == ' ' || CharUnicodeInfo.GetUnicodeCategory(character) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
