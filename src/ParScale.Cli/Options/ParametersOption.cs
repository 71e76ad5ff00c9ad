using System.CommandLine;
using System.CommandLine.Parsing;
using ParScale.ScalingLaws.Law;

namespace ParScale.Cli.Options;

/// <summary>An option with a number of parameters, such as 1.6e9 or 1.6B.</summary>
internal static class ParametersOption
{
    private const double Most = 1e18;

    public static Option<double?> Create(string name, string description, params string[] aliases) => new(name, aliases)
    {
        Description = description,
        HelpName = "N",
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result => Parse(result, name),
    };

    private static double? Parse(ArgumentResult result, string name)
    {
        string text = result.Tokens[0].Value;
        string typed = (result.Parent as OptionResult)?.IdentifierToken?.Value ?? name;
        if (!ParameterCount.TryParse(text, out double value, out string? problem))
            result.AddError($"{typed}: {ParScaleException.Quote(text)} {problem}");
        else if (value is >= 1 and <= Most)
            return value;
        else
            result.AddError($"{typed} needs a number of parameters from 1 to 1e18, such as 1.6B, not {ParScaleException.Quote(text)}");
        return null;
    }
}
