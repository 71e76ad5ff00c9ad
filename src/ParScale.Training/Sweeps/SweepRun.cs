using System.Globalization;
using ParScale.Training.Configuration;

namespace ParScale.Training.Sweeps;

/// <summary>One run of a sweep: its name, the name of its model, and what it gives to the settings of <c>train</c>.</summary>
internal sealed record SweepRun(string Name, string Model, IReadOnlyList<SweepValue> Values)
{
    /// <summary>Its threads: its own, or those that every run has.</summary>
    public int Threads(int others) =>
        Values.FirstOrDefault(value => value.Setting == TrainSettings.Threads).Text is { } own ? int.Parse(own, CultureInfo.InvariantCulture) : others;

    /// <summary>A value in the one form that stands for all ways to write it.</summary>
    public string Canonical(SweepValue value)
    {
        // Where the model of --from has the number of streams, "all" means what that model's hash tells.
        bool from = Values.Any(other => other.Setting == TrainSettings.From);
        object? streams = Values.Where(other => other.Setting == TrainSettings.Streams).Select(Parsed).FirstOrDefault(from ? null : TrainSettings.Streams.Default);
        if (value.Setting == TrainSettings.Elastic && streams is int count) return ElasticStreams.Canonical(value.Text, count) ?? ElasticStreams.None;
        return Setting.Text(Parsed(value));
    }

    /// <summary>The words for <c>train</c>; relative paths count from <paramref name="fileFolder"/>.</summary>
    public string[] Arguments(string fileFolder, string output, int threads)
    {
        bool own = Values.Any(value => value.Setting == TrainSettings.Threads);
        return
        [
            "train", "--output", output, .. Values.Select(value => $"{value.Setting.Flag}={value.From(fileFolder)}"),
            .. own ? Array.Empty<string>() : [string.Create(CultureInfo.InvariantCulture, $"{TrainSettings.Threads.Flag}={threads}")],
        ];
    }

    /// <summary>The same as settings.</summary>
    public RunConfig Config(string fileFolder)
    {
        var config = new RunConfig();
        config.TakeWords([], Values.Select(value => (value.Setting, value.From(fileFolder))));
        return config;
    }

    private static object Parsed(SweepValue value) => value.Setting.Read(value.Text, detail => ParScaleException.Usage("RC-04", $"\"{value.Key}\" {detail}"));
}
