using System.Globalization;

namespace ParScale.Cli.Planning;

/// <summary>A number with a unit right after it or after one space, such as <c>8GB</c>, <c>60 ms</c>, <c>2.8B</c>.</summary>
internal sealed record Quantity(string Example, IReadOnlyDictionary<string, double> Units)
{
    /// <summary>Memory: decimal and binary units. A bare number says too little, and so does a unit with small letters.</summary>
    public static Quantity Bytes { get; } = new("8GB or 8GiB", new Dictionary<string, double>
    {
        ["kB"] = 1e3,
        ["MB"] = 1e6,
        ["GB"] = 1e9,
        ["TB"] = 1e12,
        ["KiB"] = 1L << 10,
        ["MiB"] = 1L << 20,
        ["GiB"] = 1L << 30,
        ["TiB"] = 1L << 40,
    });

    /// <summary>Time.</summary>
    public static Quantity Seconds { get; } = new("60ms or 2s", new Dictionary<string, double> { ["us"] = 1e-6, ["ms"] = 1e-3, ["s"] = 1, ["min"] = 60 });

    /// <summary>Numbers of parameters.</summary>
    public static Quantity Parameters { get; } = new("2.8B or 700M", new Dictionary<string, double> { ["M"] = 1e6, ["B"] = 1e9, ["T"] = 1e12 });

    /// <summary>The number in bytes, seconds or parameters; null when the text is not such a quantity above 0.</summary>
    public double? Read(string text)
    {
        int digits = text.Length;
        while (digits > 0 && char.IsAsciiLetter(text[digits - 1])) digits--;
        if (digits == text.Length || !Units.TryGetValue(text[digits..], out double scale)) return null;
        string number = digits > 0 && text[digits - 1] == ' ' ? text[..(digits - 1)] : text[..digits];
        bool plain = double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value);
        return plain && value > 0 && double.IsFinite(value * scale) ? value * scale : null;
    }

    /// <summary>What is wanted instead, in words.</summary>
    public string Wanted => $"{Example} (units: {string.Join(", ", Units.Keys)})";
}
