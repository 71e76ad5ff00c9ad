using System.CommandLine;

namespace ParScale.Cli.Bench;

/// <summary>The option <c>-o</c>.</summary>
internal static class BenchFormats
{
    private static readonly Dictionary<string, BenchFormat> Known =
        Enum.GetValues<BenchFormat>().ToDictionary(format => format.ToString().ToLowerInvariant());

    public static Option<BenchFormat?> CreateOption()
    {
        string names = string.Join('|', Known.Keys);
        return new Option<BenchFormat?>("--output", "-o")
        {
            Description = "Output format (default: md).",
            HelpName = names,
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (Known.TryGetValue(text, out BenchFormat format)) return format;
                result.AddError($"{NumberList.Typed(result, "--output")} needs one of {names}, not {ParScaleException.Quote(text)}");
                return null;
            },
        };
    }
}
