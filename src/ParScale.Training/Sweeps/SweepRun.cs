using System.Globalization;

namespace ParScale.Training.Sweeps;

/// <summary>One run of a sweep: its name, the name of its model, and what it gives to the options of <c>train</c>.</summary>
internal sealed record SweepRun(string Name, string Model, IReadOnlyList<SweepValue> Values)
{
    /// <summary>The words for <c>train</c>; relative paths count from <paramref name="fileFolder"/>.</summary>
    public string[] Arguments(string fileFolder, string output, int threads)
    {
        var words = new List<string> { "train", "--output", output };
        foreach ((string key, string text) in Values)
            words.Add($"{SweepKeys.Flag(key)}={(SweepKeys.IsPath(key) ? Path.GetFullPath(Path.Combine(fileFolder, text)) : text)}");
        if (!Values.Any(value => value.Key == "threads")) words.Add(string.Create(CultureInfo.InvariantCulture, $"--threads={threads}"));
        return [.. words];
    }
}
