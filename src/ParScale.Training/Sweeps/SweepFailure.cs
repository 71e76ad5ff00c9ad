namespace ParScale.Training.Sweeps;

/// <summary>A run that ended with an error: its exit code and the line that it said last.</summary>
internal sealed record SweepFailure(string Name, int ExitCode, string Error);
