using System.CommandLine;
using ParScale.ScalingLaws;

namespace ParScale.Cli.Planning;

/// <summary>Which published law tells the loss.</summary>
internal sealed class LawOption
{
    private static readonly Dictionary<string, (string Name, ScalingLaw Law)> Known = new()
    {
        ["stack"] = ("Stack-V2-Python", ScalingLaw.StackV2Python),
        ["pile"] = ("Pile", ScalingLaw.Pile),
    };

    public LawOption(string name, string description)
    {
        string names = string.Join('|', Known.Keys);
        Option = new Option<string?>(name)
        {
            Description = description,
            HelpName = names,
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (Known.ContainsKey(text)) return text;
                result.AddError($"{name} needs {string.Join(" or ", Known.Keys)}, not {ParScaleException.Quote(text)}");
                return null;
            },
        };
    }

    public Option<string?> Option { get; }

    /// <summary>The law and the name of its data; null when the option is absent.</summary>
    public (string Name, ScalingLaw Law)? Read(ParseResult parse) => parse.GetValue(Option) is { } text ? Known[text] : null;
}
