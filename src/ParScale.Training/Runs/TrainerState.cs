using System.Text.Json;
using System.Text.Json.Serialization;

namespace ParScale.Training.Runs;

/// <summary>
/// What <c>trainer_state.json</c> holds. <paramref name="Step"/> is the number of finished steps; together with the seed
/// it is the whole state of the data order and of dropout. <paramref name="LossSum"/> adds the losses of the
/// <paramref name="LossCount"/> steps since the last row of the log; <paramref name="GradientNorm"/> is that of the last step.
/// </summary>
internal sealed record TrainerState(
    long Step, double ElapsedSeconds, double? BestLossPerToken, long BestStep, TrainingOptions Options,
    double LossSum = 0, long LossCount = 0, double GradientNorm = 0)
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NewLine = "\n",
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>Whether steps were made that no row of the log tells of.</summary>
    [JsonIgnore]
    public bool Pending => LossCount > 0;

    public string ToJson() => JsonSerializer.Serialize(this, Format) + "\n";

    /// <exception cref="ParScaleException">The file is not what a trainer wrote.</exception>
    public static TrainerState Read(string path)
    {
        try
        {
            TrainerState? state = JsonSerializer.Deserialize<TrainerState>(File.ReadAllText(path), Format);
            if (state is { Options: not null, Step: >= 0, LossCount: >= 0 }) return state;
            throw new JsonException("no options");
        }
        catch (JsonException e)
        {
            throw ParScaleException.BadInput("TR-20", path, "is damaged; delete this checkpoint folder to resume from the one before", e);
        }
    }

    /// <summary>The first option that differs from <paramref name="asked"/>, as a line for the user; null when all agree.</summary>
    public string? Difference(TrainingOptions asked)
    {
        JsonElement here = JsonSerializer.SerializeToElement(Options, Format);
        JsonElement there = JsonSerializer.SerializeToElement(asked, Format);
        foreach (JsonProperty property in here.EnumerateObject())
        {
            string other = there.GetProperty(property.Name).GetRawText();
            if (property.Value.GetRawText() != other)
                return $"{property.Name} is {property.Value.GetRawText()} in the checkpoint and {other} now";
        }
        return null;
    }
}
