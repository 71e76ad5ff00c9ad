using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace ParScale.Cli.Bench;

/// <summary>Lists of whole numbers and ranges: <c>1,2,4</c>, <c>1-8</c>, <c>64-256+64</c>, <c>1-16*2</c>.</summary>
internal static class NumberList
{
    private const int Longest = 64;

    /// <summary>An option with such a list, each number within [<paramref name="min"/>, <paramref name="max"/>].</summary>
    public static Option<int[]?> CreateOption(string name, string description, int min, int max, params string[] aliases) => new(name, aliases)
    {
        Description = description,
        HelpName = "LIST",
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (Read(text, min, max) is { } numbers) return numbers;
            result.AddError(string.Create(CultureInfo.InvariantCulture,
                $"{Typed(result, name)} needs whole numbers from {min} to {max}, such as 1,2,4 or 1-8 or 1-16*2, at most {Longest}, not {ParScaleException.Quote(text)}"));
            return null;
        },
    };

    /// <summary>The list given with <paramref name="option"/>, or null when it is absent (the parser itself would give an empty one).</summary>
    public static T[]? Get<T>(ParseResult parse, Option<T[]?> option) => parse.GetResult(option) is null ? null : parse.GetValue(option);

    /// <summary>The option as it was typed, for messages.</summary>
    public static string Typed(ArgumentResult result, string name) => (result.Parent as OptionResult)?.IdentifierToken?.Value ?? name;

    /// <summary>The numbers in the order given, each once; null when the text is not such a list.</summary>
    public static int[]? Read(string text, int min, int max)
    {
        var numbers = new List<int>();
        foreach (string entry in text.Split(','))
        {
            if (!TryRange(entry, min, max, numbers)) return null;
        }
        return [.. numbers];
    }

    private static bool TryRange(string entry, int min, int max, List<int> numbers)
    {
        int sign = entry.IndexOfAny(['+', '*']), dash = entry.IndexOf('-', StringComparison.Ordinal);
        int step = 1;
        if (sign >= 0 && (dash < 0 || !TryNumber(entry[(sign + 1)..], out step))) return false;
        string range = sign < 0 ? entry : entry[..sign];
        if (!TryNumber(dash < 0 ? range : range[..dash], out int first)) return false;
        int last = first;
        if (dash >= 0 && !TryNumber(range[(dash + 1)..], out last)) return false;
        bool multiplies = sign >= 0 && entry[sign] == '*';
        if (first < min || last > max || last < first || step < (multiplies ? 2 : 1) || (multiplies && first == 0)) return false;
        for (long number = first; number <= last; number = multiplies ? number * step : number + step)
        {
            if (!numbers.Contains((int)number)) numbers.Add((int)number);
            if (numbers.Count > Longest) return false;
        }
        return true;
    }

    private static bool TryNumber(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
