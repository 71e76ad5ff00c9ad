using System.Globalization;
using System.Numerics;
using ParScale.Text.Chat.Jinja.Formatting;
using ParScale.Text.Chat.Jinja.Functions;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Filters;

/// <summary>Filters of numbers.</summary>
internal static class NumberFilters
{
    private const int LongestNumber = 4300;

    public static readonly Builtin[] All =
    [
        new("abs", "", Absolute),
        new("int", "default base", ToInt),
        new("float", "default", ToFloat),
        new("round", "precision method", Round),
        new("filesizeformat", "binary", FileSize),
    ];

    /// <summary>The number that a text writes, with white space around it; null when it writes none.</summary>
    public static BigInteger? Parse(string text, int radix)
    {
        text = text.Trim().ToLowerInvariant();
        bool isMinus = text is ['-', ..];
        string digits = text.TrimStart('-', '+');
        if (text.Length - digits.Length > 1) return null;
        string prefix = radix switch { 16 => "0x", 8 => "0o", 2 => "0b", _ => "" };
        if (prefix.Length > 0 && digits.StartsWith(prefix, StringComparison.Ordinal)) digits = digits[2..];
        if (digits.Length is 0 or > LongestNumber || digits[0] == '_' || digits[^1] == '_' || digits.Contains("__", StringComparison.Ordinal)) return null;
        BigInteger number = BigInteger.Zero;
        foreach (char c in digits.Replace("_", "", StringComparison.Ordinal))
        {
            int digit = char.IsAsciiDigit(c) ? c - '0' : char.IsAsciiLetterLower(c) ? c - 'a' + 10 : radix;
            if (digit >= radix) return null;
            number = number * radix + digit;
        }
        return isMinus ? -number : number;
    }

    private static Value Absolute(Call call) => call.Self switch
    {
        FloatValue real => new FloatValue(Math.Abs(real.Number), real.FromTemplate),
        IntValue whole => new IntValue(BigInteger.Abs(whole.Number), whole.FromTemplate),
        BoolValue flag => IntValue.Data(flag.IsTrue ? 1 : 0),
        _ => throw Wrong(call),
    };

    private static Value ToInt(Call call)
    {
        if (call.Self is IntValue) return call.Self;
        if (ValueComparer.Whole(call.Self) is { } whole) return IntValue.Data(whole);
        double? real = call.Self is FloatValue { Number: var number } ? number : null;
        if (call.Self is TextValue text)
        {
            call.Run.Charge(Math.Min(text.Text.Length, LongestNumber) / 8);
            if (Parse(text.Text, call.Int(1, 10)) is { } parsed) return IntValue.Data(parsed);
            real = ParseReal(text.Text);
        }
        call.Run.RequireDefined(call.Self is UndefinedValue && call[0] is null ? call.Self : NoneValue.Instance);
        return real is { } value && double.IsFinite(value) ? IntValue.Data(new BigInteger(value)) : call[0] ?? IntValue.Data(0);
    }

    private static Value ToFloat(Call call) => call.Self is TextValue text
        ? ParseReal(text.Text) is { } parsed ? new FloatValue(parsed, fromTemplate: false) : call[0] ?? new FloatValue(0, fromTemplate: false)
        : ValueComparer.Real(call.Self) is { } number ? new FloatValue(number, fromTemplate: false) : call[0] ?? new FloatValue(0, fromTemplate: false);

    private static double? ParseReal(string text)
    {
        text = text.Trim();
        if (text.TrimStart('+', '-').ToLowerInvariant() is "inf" or "infinity") return text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
        if (text.Equals("nan", StringComparison.OrdinalIgnoreCase)) return double.NaN;
        if (text.Any(c => !(char.IsAsciiDigit(c) || c is '.' or 'e' or 'E' or '+' or '-' or '_'))) return null;
        return double.TryParse(text.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : null;
    }

    private static Value Round(Call call)
    {
        double number = ValueComparer.Real(call.Self) ?? throw Wrong(call);
        int precision = call.Int(0, 0);
        string method = call.GivenText(1)?.Text ?? "common";
        double scale = Math.Pow(10, precision);
        switch (method)
        {
            case "ceil": return new FloatValue(Math.Ceiling(number * scale) / scale, fromTemplate: false);
            case "floor": return new FloatValue(Math.Floor(number * scale) / scale, fromTemplate: false);
            case not "common": throw call.Run.Fails("'round' knows the methods common, ceil and floor");
        }
        if (ValueComparer.Whole(call.Self) is { } whole) return IntValue.Data(precision >= 0 ? whole : Tens(whole, -precision, call.Run));
        if (precision < 0) return new FloatValue(double.Round(number * scale, MidpointRounding.ToEven) / scale, fromTemplate: false);
        string digits = NumberFormat.Fixed(number, precision, call.Run);
        return new FloatValue(double.IsFinite(number) ? double.Parse(digits, CultureInfo.InvariantCulture) : number, fromTemplate: false);
    }

    private static BigInteger Tens(BigInteger number, int zeros, Run run)
    {
        if (zeros > LongestNumber) return BigInteger.Zero;
        run.Charge(zeros);
        BigInteger unit = BigInteger.Pow(10, zeros);
        BigInteger rest = BigInteger.Remainder(number, unit);
        if (rest.Sign < 0) rest += unit;
        BigInteger below = number - rest;
        int order = (rest * 2).CompareTo(unit);
        return order > 0 || (order == 0 && !(below / unit).IsEven) ? below + unit : below;
    }

    private static TextValue FileSize(Call call)
    {
        double bytes = ValueComparer.Real(call.Self) ?? (call.Self is TextValue text ? ParseReal(text.Text) : null) ?? throw Wrong(call);
        bool binary = call.Flag(0);
        double unit = binary ? 1024 : 1000;
        if (bytes == 1) return TextValue.Data("1 Byte");
        if (bytes < unit) return TextValue.Data($"{(long)bytes} Bytes");
        string names = binary ? "KMGTPEZY" : "kMGTPEZY";
        int power = 0;
        double scale = unit;
        while (power < names.Length - 1 && bytes >= scale * unit)
        {
            scale *= unit;
            power++;
        }
        return TextValue.Data($"{NumberFormat.Fixed(bytes / scale, 1, call.Run)} {names[power]}{(binary ? "iB" : "B")}");
    }

    private static ParScaleException Wrong(Call call)
    {
        call.Run.RequireDefined(call.Self);
        return call.Run.Fails($"'{call.Function.Name}' needs a number, not a value of type {call.Self.TypeName}");
    }
}
