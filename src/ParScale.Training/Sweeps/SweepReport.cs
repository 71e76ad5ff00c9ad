using System.Text.Json;

namespace ParScale.Training.Sweeps;

/// <summary>What <c>parscale-train sweep</c> reports at its end.</summary>
/// <param name="Finished">Whether all runs are done.</param>
/// <param name="Stopped">Whether a signal ended it.</param>
/// <param name="Runs">Runs of the sweep.</param>
/// <param name="Done">Runs that are finished, of this call and of earlier ones.</param>
/// <param name="Failed">Runs that ended with an error.</param>
/// <param name="Results">The table.</param>
internal sealed record SweepReport(bool Finished, bool Stopped, int Runs, int Done, IReadOnlyList<SweepFailure> Failed, string Results)
{
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public string ToJson() => JsonSerializer.Serialize(this, Format);
}

/// <summary>A run that ended with an error: its exit code and the line that it said last.</summary>
internal sealed record SweepFailure(string Name, int ExitCode, string Error);
