using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace ParScale.Cli.Options;

/// <summary>Token ids written as <c>1,2,3</c>.</summary>
internal static class TokenList
{
    private const string Name = "--tokens";

    /// <summary>The option <c>--tokens</c>.</summary>
    public static Option<int[]?> CreateOption() => new(Name)
    {
        Description = "Token ids with commas between them, as printed by `parscale tokenize`; spaces after a comma are allowed.",
        HelpName = "1,2,3",
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = Parse,
    };

    /// <summary>The ids given with <paramref name="option"/>, or null when it is absent (the parser itself would say "no ids").</summary>
    public static int[]? Get(ParseResult parse, Option<int[]?> option) => parse.GetResult(option) is null ? null : parse.GetValue(option);

    /// <summary>Reads ids with commas between them, and white space around them if any; throws a usage error that names the first bad entry.</summary>
    public static int[] Read(string text)
    {
        if (string.IsNullOrWhiteSpace(text)) throw ParScaleException.Usage("CL-02", $"{Name} needs at least one token id, such as 1,2,3");
        var ids = new List<int>();
        foreach (Range entry in text.AsSpan().Split(','))
        {
            ReadOnlySpan<char> digits = text.AsSpan(entry).Trim();
            if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int id)) throw Refuse(digits, ids.Count + 1);
            ids.Add(id);
        }
        return [.. ids];
    }

    /// <summary>Throws a usage error when an id is outside [0, <paramref name="vocabulary"/>).</summary>
    public static void Check(ReadOnlySpan<int> ids, int vocabulary)
    {
        foreach (int id in ids)
        {
            if ((uint)id >= (uint)vocabulary)
                throw ParScaleException.Usage("CL-02", string.Create(CultureInfo.InvariantCulture,
                    $"{Name} has the id {id}; this model's ids are 0 to {vocabulary - 1}"));
        }
    }

    private static ParScaleException Refuse(ReadOnlySpan<char> entry, int place) => ParScaleException.Usage("CL-02", entry.IsEmpty
        ? string.Create(CultureInfo.InvariantCulture, $"{Name} needs token ids with commas between them, such as 1,2,3; entry {place} is empty")
        : $"{Name} needs token ids with commas between them, such as 1,2,3, not {ParScaleException.Quote(entry.ToString())}");

    private static int[]? Parse(ArgumentResult result)
    {
        try
        {
            return Read(result.Tokens[0].Value);
        }
        catch (ParScaleException problem)
        {
            result.AddError(problem.Message);
            return null;
        }
    }
}
