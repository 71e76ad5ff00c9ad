using System.CommandLine;

namespace ParScale.Cli.Bench;

/// <summary>Lists of names with commas between them, such as <c>q8,bf16</c>.</summary>
internal static class NameList
{
    /// <summary>An option with names of an enumeration's values, in lower case.</summary>
    public static Option<T[]?> CreateOption<T>(string name, string description, params string[] aliases) where T : struct, Enum
    {
        Dictionary<string, T> known = Enum.GetValues<T>().ToDictionary(value => value.ToString().ToLowerInvariant());
        string names = string.Join('|', known.Keys);
        return new Option<T[]?>(name, aliases)
        {
            Description = description,
            HelpName = names,
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = result =>
            {
                string[] entries = result.Tokens[0].Value.Split(',');
                if (entries.FirstOrDefault(entry => !known.ContainsKey(entry)) is not { } wrong)
                    return [.. entries.Select(entry => known[entry]).Distinct()];
                result.AddError($"{NumberList.Typed(result, name)} needs one or more of {names} with commas between them, not {ParScaleException.Quote(wrong)}");
                return null;
            },
        };
    }
}
