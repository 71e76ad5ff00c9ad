using System.CommandLine;
using ParScale.Cli.Bench;

namespace ParScale.Cli.Planning;

/// <summary>Options with a number and a unit.</summary>
internal static class QuantityOption
{
    /// <summary>One quantity.</summary>
    public static Option<double?> Create(string name, string description, Quantity kind, string helpName) => new(name)
    {
        Description = description,
        HelpName = helpName,
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (kind.Read(text) is { } value) return value;
            result.AddError($"{NumberList.Typed(result, name)} needs a number with a unit such as {kind.Wanted}, not {ParScaleException.Quote(text)}");
            return null;
        },
    };
}
