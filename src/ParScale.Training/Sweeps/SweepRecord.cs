using System.Text.Json;
using ParScale.Training.Configuration;

namespace ParScale.Training.Sweeps;

/// <summary>What <c>sweep.json</c> holds: the runs that a folder is for, each with its options as the sweep's file gave them.</summary>
internal sealed record SweepRecord(int Threads, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Runs)
{
    public static SweepRecord Of(SweepPlan plan, int threads) => new(
        threads, plan.Runs.ToDictionary(run => run.Name, IReadOnlyDictionary<string, string> (run) => run.Values.ToDictionary(v => v.Key, v => v.Text)));

    /// <exception cref="ParScaleException">The file is not what a sweep wrote (SW-04).</exception>
    public static SweepRecord Read(string path)
    {
        JsonElement root = StrictJson.Read(path);
        try
        {
            return new SweepRecord(root.GetProperty("threads").GetInt32(), root.GetProperty("runs").EnumerateObject().ToDictionary(
                run => run.Name, IReadOnlyDictionary<string, string> (run) =>
                    run.Value.EnumerateObject().ToDictionary(value => TrainSettings.Find(value.Name)?.Key ?? value.Name, value => value.Value.GetString() ?? "")));
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException)
        {
            throw ParScaleException.Usage("SW-04", $"{Path.GetFileName(path)}: is not what a sweep wrote; give another folder to -o");
        }
    }

    /// <summary>What <paramref name="plan"/> changes or leaves out, as a line for the user; null when it only adds.</summary>
    public string? Difference(SweepPlan plan)
    {
        Dictionary<string, SweepRun> now = plan.Runs.ToDictionary(run => run.Name);
        foreach ((string name, IReadOnlyDictionary<string, string> before) in Runs)
        {
            if (!now.TryGetValue(name, out SweepRun? run)) return $"run {name} is missing in the file";
            Dictionary<string, string> values = run.Values.ToDictionary(value => value.Key, value => value.Text);
            foreach (string key in before.Keys.Union(values.Keys))
            {
                (string? old, string? fresh) = (before.GetValueOrDefault(key), values.GetValueOrDefault(key));
                if (old != fresh) return $"{key} of run {name} was {old ?? "not given"} and is {fresh ?? "not given"} now";
            }
        }
        return null;
    }
}
