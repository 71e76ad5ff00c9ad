using System.CommandLine;
using ParScale.Cli.Bench;
using ParScale.Kernels.Formats;

namespace ParScale.Cli.Options;

/// <summary>The options <c>--dtype</c> and <c>--kv-dtype</c> where they take one format.</summary>
internal static class DtypeOption
{
    /// <summary>The option <c>--dtype</c>.</summary>
    public static Option<WeightDtype?> OfWeights(string description) => Create(description, Enum.GetValues<WeightDtype>(), "--dtype");

    /// <summary>The option <c>--dtype</c> where quantised copies are meant.</summary>
    public static Option<WeightDtype?> OfCopies(string description) => Create(description, [WeightDtype.Q8, WeightDtype.Q4], "--dtype");

    /// <summary>The option <c>--kv-dtype</c>, also written <c>--kv</c>.</summary>
    public static Option<KvDtype?> OfKeysAndValues(string description) =>
        Create(description, Enum.GetValues<KvDtype>(), "--kv-dtype", "--kv");

    private static Option<T?> Create<T>(string description, T[] values, string name, params string[] aliases) where T : struct, Enum
    {
        Dictionary<string, T> formats = values.ToDictionary(format => format.ToString().ToLowerInvariant());
        string[] names = [.. formats.Keys];
        return new Option<T?>(name, aliases)
        {
            Description = description,
            HelpName = string.Join('|', names),
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (formats.TryGetValue(text, out T format)) return format;
                result.AddError($"{NumberList.Typed(result, name)} needs {string.Join(", ", names[..^1])} or {names[^1]}, not {ParScaleException.Quote(text)}");
                return null;
            },
        };
    }
}
