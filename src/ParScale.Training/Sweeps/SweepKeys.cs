using System.CommandLine;
using System.Text.Json;
using ParScale.Training.Commands;
using ParScale.Training.Configuration;

namespace ParScale.Training.Sweeps;

/// <summary>The options of <c>train</c> that a sweep can set, by the names they have in files: <c>kv_heads</c> for <c>--kv-heads</c>.</summary>
internal static class SweepKeys
{
    // What the sweep itself decides for each run.
    private static readonly string[] Own = ["output", "resume", "allow_changed", "json", "supervised"];
    private static readonly HashSet<string> Paths = ["data", "tokenizer", "from"];

    private static readonly Dictionary<string, Option> Known = TrainCommand.Create().Options
        .Select(option => (Key: option.Name.TrimStart('-').Replace('-', '_'), Option: option))
        .Where(known => !Own.Contains(known.Key))
        .ToDictionary(known => known.Key, known => known.Option, StringComparer.Ordinal);

    /// <summary>All names.</summary>
    public static IReadOnlyCollection<string> All => Known.Keys;

    /// <summary>Whether values are paths; relative ones count from the folder of the sweep's file.</summary>
    public static bool IsPath(string key) => Paths.Contains(key);

    /// <summary>The flag of a key.</summary>
    public static string Flag(string key) => Known[key].Name;

    /// <summary>The value of <paramref name="key"/> as text.</summary>
    /// <exception cref="ParScaleException">There is no such key (RC-02), or the value is of another type (RC-04).</exception>
    public static SweepValue Read(string path, string where, string key, JsonElement value)
    {
        if (!Known.TryGetValue(key, out Option? option)) throw StrictJson.Unknown(path, where, key, All);
        Type type = Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType;
        (string expected, bool holds, string text) = type switch
        {
            _ when type == typeof(bool) => ("true or false", value.ValueKind is JsonValueKind.True or JsonValueKind.False, value.GetRawText()),
            _ when type == typeof(string) => ("a text", value.ValueKind == JsonValueKind.String, value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : ""),
            _ when type == typeof(double) => ("a number", value.ValueKind == JsonValueKind.Number, value.GetRawText()),
            _ => ("a whole number", value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _), value.GetRawText()),
        };
        if (!holds) throw StrictJson.Wrong(path, StrictJson.Inside(where, key), $"must be {expected}, not {StrictJson.Kind(value)}");
        return new SweepValue(key, text);
    }
}
