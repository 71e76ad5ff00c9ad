namespace ParScale.Training.Sweeps;

/// <summary>One value of an axis: a shape gives several options, every other axis one.</summary>
internal sealed record SweepPoint(string Word, IReadOnlyList<SweepValue> Values);
