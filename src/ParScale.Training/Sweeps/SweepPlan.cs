using ParScale.Files;
using ParScale.Training.Configuration;

namespace ParScale.Training.Sweeps;

/// <summary>All runs of a sweep, in the order in which they are made.</summary>
internal sealed class SweepPlan
{
    private const long MostRuns = 10_000;

    // In a path it stands for the seed of the run.
    private const string SeedPlace = "{seed}";

    /// <exception cref="ParScaleException">There are too many runs (SW-01), two would have one name (SW-02), or a path names a seed that is not there (SW-11).</exception>
    public SweepPlan(SweepFile file)
    {
        File = file;
        Columns = [.. file.Axes.Select(axis => axis.Key).Where(key => key is not SweepFile.Model)];
        long count = file.Axes.Aggregate(1L, (product, axis) => Math.Min(MostRuns + 1, product * axis.Points.Count));
        if (count > MostRuns) throw ParScaleException.Usage("SW-01", $"{Path.GetFileName(file.Path)}: makes more than {MostRuns} runs; shorten the lists");
        Runs = [.. Combinations(file.Axes, 0, []).Select(points => Run(file, points))];
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        if (Runs.FirstOrDefault(run => !seen.Add(run.Name)) is not { } twice) return;
        throw ParScaleException.Usage("SW-02", $"{Path.GetFileName(file.Path)}: two runs would be called {ParScaleException.Quote(twice.Name)}; rename a model");
    }

    /// <summary>The file.</summary>
    public SweepFile File { get; }

    /// <summary>The options that the grid varies.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>The runs.</summary>
    public IReadOnlyList<SweepRun> Runs { get; }

    /// <summary>The folder that relative paths of the file count from.</summary>
    public string Folder => Path.GetDirectoryName(SystemPath.Full(File.Path)) ?? SystemPath.Full(File.Path);

    private static IEnumerable<SweepPoint[]> Combinations(IReadOnlyList<SweepAxis> axes, int from, SweepPoint[] chosen)
    {
        if (from == axes.Count) return [chosen];
        return axes[from].Points.SelectMany(point => Combinations(axes, from + 1, [.. chosen, point]));
    }

    private static SweepRun Run(SweepFile file, SweepPoint[] points)
    {
        // The model first and the seed last, wherever they stand in the file.
        string[] words = [.. points.Zip(file.Axes, (point, axis) => (point.Word, axis.Key)).OrderBy(w => Rank(w.Key)).Select(w => w.Word)];
        SweepValue[] given = [.. points.SelectMany(point => point.Values)];
        SweepValue[] shared = [.. file.Base.Where(value => !given.Any(other => other.Key == value.Key))];
        int model = file.Axes.ToList().FindIndex(axis => axis.Key == SweepFile.Model);
        return new SweepRun(string.Join('-', words), model < 0 ? "" : points[model].Word, WithOwnSeed(file, [.. shared, .. given]));
    }

    // A second stage begins with what the first made of the same seed.
    private static SweepValue[] WithOwnSeed(SweepFile file, SweepValue[] values)
    {
        string? seed = values.FirstOrDefault(value => value.Setting == TrainSettings.Seed).Text;
        return [.. values.Select(Own)];

        SweepValue Own(SweepValue value)
        {
            if (!value.Setting.IsPath || !value.Text.Contains(SeedPlace, StringComparison.Ordinal)) return value;
            if (seed is null) throw StrictJson.Usage("SW-11", file.Path, value.Key, $"names {SeedPlace}, and the runs have no seed; give \"grid\" or \"base\" a seed");
            return value with { Text = value.Text.Replace(SeedPlace, seed, StringComparison.Ordinal) };
        }
    }

    private static int Rank(string key) => key switch { SweepFile.Model => 0, "streams" => 1, "seed" => 3, _ => 2 };
}
