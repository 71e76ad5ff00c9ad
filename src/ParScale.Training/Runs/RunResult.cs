using System.Text.Json;
using ParScale.Files;
using ParScale.Training.Evaluation;
using ParScale.Training.Reporting;

namespace ParScale.Training.Runs;

/// <summary>What a run reports at its end. The losses are those of the saved folders, loaded again and computed in float32.</summary>
internal sealed record RunResult(
    bool Finished, long Step, long Steps, double ElapsedSeconds, long Parameters, long BestStep, ValidationLoss? Best, ValidationLoss? Final, string Folder,
    RunSpeed? Speed = null)
{
    /// <summary>The file in the folder of a finished run that holds it; written last.</summary>
    public const string FileName = "result.json";

    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public string ToJson() => JsonSerializer.Serialize(this, Format);

    /// <summary>Writes <see cref="FileName"/>, whole or not at all.</summary>
    public void Save() => DurableFile.ReplaceText(Path.Combine(Folder, FileName), ToJson() + "\n");

    /// <summary>What <see cref="Save"/> wrote; null when the file holds something else.</summary>
    public static RunResult? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<RunResult>(File.ReadAllText(path), Format);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
