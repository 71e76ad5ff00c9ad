using System.Globalization;
using System.Numerics;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Formatting;

/// <summary>Numbers as Python's formats write them.</summary>
internal static class NumberFormat
{
    private const int MostDigits = 1000;

    /// <summary>A number of either kind in the form of a specification.</summary>
    /// <exception cref="ParScaleException">The type does not go with the number.</exception>
    public static TaggedText Write(Value value, FormatSpec spec, Run run)
    {
        bool isReal = value is FloatValue || spec.Type is 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%';
        string digits = isReal ? Real(ValueComparer.Real(value) ?? 0, spec, run) : Whole(ValueComparer.Whole(value) ?? 0, spec, run);
        string sign = digits[0] == '-' ? "-" : spec.Sign == '\0' ? "" : spec.Sign.ToString();
        digits = digits.TrimStart('-');
        if (spec.Grouping != '\0') digits = Grouped(digits, spec.Grouping);
        bool fromTemplate = value is IntValue { FromTemplate: true } or FloatValue { FromTemplate: true };
        var text = new TaggedText(sign + digits, fromTemplate ? TextTag.Template : TextTag.Data);
        return spec.Pad(text, '>', sign.Length, run);
    }

    /// <summary>A number rounded to a count of decimals, half to even, by its exact value.</summary>
    public static string Fixed(double number, int decimals, Run run)
    {
        if (!double.IsFinite(number)) return Printer.Float(number);
        if (decimals > MostDigits) throw run.OverBudget("CT-04", $"formats a number with more than {MostDigits} decimals");
        run.Charge(8 + decimals);
        long bits = BitConverter.DoubleToInt64Bits(Math.Abs(number));
        int exponent = (int)(bits >> 52);
        BigInteger mantissa = (bits & ((1L << 52) - 1)) | (exponent == 0 ? 0 : 1L << 52);
        int shift = Math.Max(exponent, 1) - 1075;
        BigInteger scaled = mantissa * BigInteger.Pow(10, decimals);
        BigInteger rounded = shift >= 0 ? scaled << shift : HalfToEven(scaled, -shift);
        string digits = rounded.ToString(CultureInfo.InvariantCulture).PadLeft(decimals + 1, '0');
        string whole = digits[..^decimals];
        return (double.IsNegative(number) ? "-" : "") + whole + (decimals > 0 ? "." + digits[^decimals..] : "");
    }

    private static BigInteger HalfToEven(BigInteger value, int shift)
    {
        BigInteger quotient = value >> shift;
        BigInteger twice = (value - (quotient << shift)) << 1;
        int order = twice.CompareTo(BigInteger.One << shift);
        return order > 0 || (order == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }

    private static string Whole(BigInteger number, FormatSpec spec, Run run)
    {
        BigInteger size = BigInteger.Abs(number);
        string digits = spec.Type switch
        {
            '\0' or 'd' or 'i' or 'u' or 'n' => size.ToString(CultureInfo.InvariantCulture),
            'x' => (spec.Alternate ? "0x" : "") + InBase(size, 16),
            'X' => (spec.Alternate ? "0X" : "") + InBase(size, 16).ToUpperInvariant(),
            'o' => (spec.Alternate ? "0o" : "") + InBase(size, 8),
            'b' => (spec.Alternate ? "0b" : "") + InBase(size, 2),
            'c' when size <= 0x10FFFF && size is { } code && !(code >= 0xD800 && code <= 0xDFFF) => char.ConvertFromUtf32((int)code),
            _ => throw run.Fails($"a whole number has no format '{spec.Type}'"),
        };
        return (number.Sign < 0 ? "-" : "") + digits;
    }

    private static string InBase(BigInteger number, int radix)
    {
        if (number.IsZero) return "0";
        var digits = new List<char>();
        for (; !number.IsZero; number /= radix) digits.Add("0123456789abcdef"[(int)(number % radix)]);
        digits.Reverse();
        return string.Concat(digits);
    }

    private static string Real(double number, FormatSpec spec, Run run)
    {
        int precision = Math.Min(spec.Precision ?? 6, MostDigits);
        if (!double.IsFinite(number)) return Printer.Float(number);
        return spec.Type switch
        {
            'f' or 'F' => Fixed(number, spec.Precision ?? 6, run),
            '%' => Fixed(number * 100, spec.Precision ?? 6, run) + "%",
            'e' => Scientific(number, precision),
            'E' => Scientific(number, precision).ToUpperInvariant(),
            'g' or 'n' => General(number, precision, spec.Alternate, run),
            'G' => General(number, precision, spec.Alternate, run).ToUpperInvariant(),
            '\0' when spec.Precision is null => Printer.Float(number),
            '\0' => WithPoint(General(number, precision, spec.Alternate, run)),
            _ => throw run.Fails($"a number has no format '{spec.Type}'"),
        };
    }

    private static string WithPoint(string digits) => digits.AsSpan().IndexOfAny('.', 'e') < 0 ? digits + ".0" : digits;

    private static string Scientific(double number, int precision)
    {
        string[] parts = number.ToString("E" + precision.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture).Split('E');
        int exponent = int.Parse(parts[1], CultureInfo.InvariantCulture);
        return $"{parts[0]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    private static string General(double number, int precision, bool keepsZeros, Run run)
    {
        precision = Math.Max(precision, 1);
        string scientific = Scientific(number, precision - 1);
        int exponent = int.Parse(scientific[(scientific.IndexOf('e', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture);
        if (exponent >= -4 && exponent < precision) return Trimmed(Fixed(number, precision - 1 - exponent, run), keepsZeros);
        string[] parts = scientific.Split('e');
        return Trimmed(parts[0], keepsZeros) + "e" + parts[1];
    }

    private static string Trimmed(string digits, bool keepsZeros) =>
        keepsZeros || !digits.Contains('.', StringComparison.Ordinal) ? digits : digits.TrimEnd('0').TrimEnd('.');

    private static string Grouped(string digits, char with)
    {
        int end = digits.AsSpan().IndexOfAny('.', 'e');
        if (end < 0) end = digits.Length;
        for (int at = end - 3; at > 0; at -= 3) digits = digits.Insert(at, with.ToString());
        return digits;
    }
}
