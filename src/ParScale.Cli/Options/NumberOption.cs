using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace ParScale.Cli.Options;

/// <summary>Options with a number. Read without regard to the user's culture, and refused in one line that states the range.</summary>
internal static class NumberOption
{
    /// <summary>A whole number within [<paramref name="min"/>, <paramref name="max"/>].</summary>
    public static Option<int?> Integer(string name, string description, int min, int max, params string[] aliases) =>
        Create(name, description, "N", aliases, NumberStyles.AllowLeadingSign, (int value) => value >= min && value <= max,
            string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}"));

    /// <summary>A real number for which <paramref name="allowed"/> holds; <paramref name="range"/> says the same in words.</summary>
    public static Option<double?> Real(string name, string description, Func<double, bool> allowed, string range) =>
        Create(name, description, "X", [], NumberStyles.Float, allowed, $"a number {range}");

    /// <summary>An unsigned 64-bit number.</summary>
    public static Option<ulong?> Seed(string name, string description, params string[] aliases) =>
        Create(name, description, "N", aliases, NumberStyles.None, (ulong _) => true,
            string.Create(CultureInfo.InvariantCulture, $"a whole number from 0 to {ulong.MaxValue}"));

    private static Option<T?> Create<T>(
        string name, string description, string helpName, string[] aliases, NumberStyles style, Func<T, bool> allowed, string range)
        where T : struct, INumber<T>
    {
        T? Parse(ArgumentResult result)
        {
            string text = result.Tokens[0].Value;
            if (T.TryParse(text, style, CultureInfo.InvariantCulture, out T value) && allowed(value)) return value;
            string typed = (result.Parent as OptionResult)?.IdentifierToken?.Value ?? name;
            result.AddError($"{typed} needs {range}, not {ParScaleException.Quote(text)}");
            return null;
        }

        return new Option<T?>(name, aliases)
        {
            Description = description,
            HelpName = helpName,
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = Parse,
        };
    }
}
