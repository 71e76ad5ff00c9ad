using System.Text.Json;
using ParScale.Training.Configuration;

namespace ParScale.Training.Sweeps;

/// <summary>
/// The file of a sweep: <c>base</c>, options that all runs share; <c>models</c>, named sets of options; <c>grid</c>, options with a list
/// of values each. Runs are all combinations; what stands first in the file changes slowest.
/// </summary>
internal sealed record SweepFile(string Path, IReadOnlyList<SweepValue> Base, IReadOnlyList<SweepAxis> Axes)
{
    /// <summary>The name of the axis that <c>models</c> is.</summary>
    public const string Model = "model";

    /// <summary>The word for a seed begins with it; it alone names the arm of runs that differ in nothing but their seed.</summary>
    public const string SeedMark = "s";

    private const int MostValues = 1000;
    private const int LongestName = 40;
    private static readonly string[] Parts = ["base", "grid", "models"];

    /// <exception cref="ParScaleException">The file is no sweep (RC-01 to RC-04, SW-01 to SW-03).</exception>
    public static SweepFile Read(string path)
    {
        var shared = new List<SweepValue>();
        var axes = new List<SweepAxis>();
        foreach (JsonProperty part in StrictJson.Members(path, "", StrictJson.Read(path)))
        {
            if (part.Name == "base") shared.AddRange(SweepValue.ReadAll(path, "base", StrictJson.Members(path, "base", part.Value)));
            else if (part.Name == "models") axes.Add(Models(path, part.Value));
            else if (part.Name == "grid") axes.AddRange(StrictJson.Members(path, "grid", part.Value).Select(axis => Axis(path, axis.Name, axis.Value)));
            else throw StrictJson.Unknown(path, "", part.Name, Parts);
        }
        if (axes.Count == 0) throw StrictJson.Usage("SW-01", path, "", "makes no runs; give \"grid\" or \"models\" something to try");
        RequireOnePlace(path, shared, axes);
        return new SweepFile(path, shared, axes);
    }

    private static SweepAxis Axis(string path, string key, JsonElement values)
    {
        SweepValue[] read = [.. Elements(path, $"grid.{key}", values).Select(value => SweepValue.Read(path, "grid", key, value))];
        return Distinct(path, $"grid.{key}", new SweepAxis(read[0].Key, [.. read.Select(value => new SweepPoint(Word(value), [value]))]));
    }

    private static SweepAxis Models(string path, JsonElement models)
    {
        SweepPoint[] points = [.. Elements(path, "models", models).Select((model, i) => ReadModel(path, $"models[{i}]", model))];
        return Distinct(path, "models", new SweepAxis(Model, points));
    }

    private static SweepPoint ReadModel(string path, string where, JsonElement model)
    {
        IReadOnlyList<JsonProperty> members = StrictJson.Members(path, where, model);
        JsonElement name = members.FirstOrDefault(member => member.Name == "name").Value;
        if (name.ValueKind != JsonValueKind.String || name.GetString() is not { Length: >= 1 and <= LongestName } word
            || word != Plain(word) || word.StartsWith('.'))
        {
            throw StrictJson.Wrong(path, $"{where}.name",
                $"must be there and a text of 1 to {LongestName} letters, digits, underscores and, but not first, points: it names the runs");
        }
        return new SweepPoint(word, SweepValue.ReadAll(path, where, members.Where(member => member.Name != "name")));
    }

    private static JsonElement[] Elements(string path, string where, JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array) throw StrictJson.Wrong(path, where, $"must be a list, not {StrictJson.Kind(list)}");
        int count = list.GetArrayLength();
        if (count == 0) throw StrictJson.Usage("SW-01", path, where, "is an empty list: no run would be made; give values or leave the key out");
        if (count > MostValues) throw StrictJson.Usage("SW-01", path, where, $"has {count} values; at most {MostValues} are read");
        return [.. list.EnumerateArray()];
    }

    private static SweepAxis Distinct(string path, string where, SweepAxis axis)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        if (axis.Points.FirstOrDefault(point => !seen.Add(point.Word)) is not { } twice) return axis;
        throw StrictJson.Usage("SW-02", path, where,
            $"gives two runs the name {ParScaleException.Quote(twice.Word)} (capitals do not count); names and values must differ");
    }

    // A model may replace what the base gives; everything else stands in one place, or nobody could tell which value counts.
    private static void RequireOnePlace(string path, List<SweepValue> shared, List<SweepAxis> axes)
    {
        var modelKeys = axes.Where(axis => axis.Key == Model).SelectMany(axis => axis.Points).SelectMany(point => point.Values).Select(v => v.Key).ToHashSet();
        foreach (string key in axes.Where(axis => axis.Key != Model).Select(axis => axis.Key))
        {
            string? other = shared.Any(value => value.Key == key) ? "base" : modelKeys.Contains(key) ? "models" : axes.Count(axis => axis.Key == key) > 1 ? "grid" : null;
            if (other is not null) throw StrictJson.Usage("SW-03", path, $"grid.{key}", $"stands in \"{other}\" too; leave one");
        }
    }

    // p4 and s1 are how everyone calls them.
    private static string Word(SweepValue value) => value.Key switch
    {
        "streams" => "p" + Plain(value.Text),
        "seed" => SeedWord(value.Text),
        _ when value.Setting.IsPath => $"{value.Key}-{Plain(System.IO.Path.GetFileNameWithoutExtension(System.IO.Path.TrimEndingDirectorySeparator(value.Text)))}",
        _ => value.Key + Plain(value.Text),
    };

    /// <summary>What stands for a seed in the names of runs.</summary>
    public static string SeedWord(string seed) => SeedMark + Plain(seed);

    private static string Plain(string text) => string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' ? c : '_'));
}

/// <summary>One thing that runs differ in: its values, each with the word that stands for it in names of runs.</summary>
internal sealed record SweepAxis(string Key, IReadOnlyList<SweepPoint> Points);

/// <summary>One value of an axis: a shape gives several options, every other axis one.</summary>
internal sealed record SweepPoint(string Word, IReadOnlyList<SweepValue> Values);
