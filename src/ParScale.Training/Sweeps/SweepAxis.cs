namespace ParScale.Training.Sweeps;

/// <summary>One thing that runs differ in: its values, each with the word that stands for it in names of runs.</summary>
internal sealed record SweepAxis(string Key, IReadOnlyList<SweepPoint> Points);
