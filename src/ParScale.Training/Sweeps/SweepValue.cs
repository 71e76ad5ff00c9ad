namespace ParScale.Training.Sweeps;

/// <summary>What a run gives to one option of <c>train</c>, written as in the sweep's file.</summary>
internal readonly record struct SweepValue(string Key, string Text);
