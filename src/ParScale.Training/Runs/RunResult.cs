using System.Text.Json;
using ParScale.Training.Reporting;

namespace ParScale.Training.Runs;

/// <summary>What a run reports at its end. The losses are those of the saved folders, loaded again and computed in float32.</summary>
internal sealed record RunResult(
    bool Finished, long Step, long Steps, double ElapsedSeconds, long Parameters, long BestStep, ValidationLoss? Best, ValidationLoss? Final, string Folder,
    RunSpeed? Speed = null)
{
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public string ToJson() => JsonSerializer.Serialize(this, Format);
}
