using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using ParScale.Training.Configuration;

namespace ParScale.Training.Runs;

/// <summary>
/// What <c>trainer_state.json</c> holds. <paramref name="Step"/> is the number of finished steps; together with the seed
/// it is the whole state of the data order and of dropout. <paramref name="LossSum"/> adds the losses of the
/// <paramref name="LossCount"/> steps since the last row of the log; <paramref name="GradientNorm"/> is that of the last step.
/// <paramref name="Data"/> is the full path of the data. <paramref name="Skipped"/> counts the steps that changed nothing, for want of a
/// finite gradient; <paramref name="SkippedInARow"/> those since the last that did.
/// </summary>
internal sealed record TrainerState(
    long Step, double ElapsedSeconds, double? BestLossPerToken, long BestStep, TrainingOptions Options,
    double LossSum = 0, long LossCount = 0, double GradientNorm = 0, string? Data = null,
    long Skipped = 0, int SkippedInARow = 0)
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NewLine = "\n",
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Whether steps were made that no row of the log tells of.</summary>
    [JsonIgnore]
    public bool Pending => LossCount > 0;

    public string ToJson() => JsonSerializer.Serialize(this, Format) + "\n";

    /// <summary>The state that <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">The text is something else.</exception>
    public static TrainerState Parse(string json)
    {
        JsonNode? root = JsonNode.Parse(json);
        // Checkpoints of version 0.1 before its release call it by another name.
        if (root?["options"] is JsonObject options && options.Remove("recompute", out JsonNode? checkpointing))
            options["activation_checkpointing"] = checkpointing;
        return root.Deserialize<TrainerState>(Format) ?? throw new JsonException("no state");
    }

    /// <exception cref="ParScaleException">The file is not what a trainer wrote.</exception>
    public static TrainerState Read(string path)
    {
        try
        {
            TrainerState state = Parse(File.ReadAllText(path));
            if (state is { Options: not null, Step: >= 0, LossCount: >= 0 }) return state;
            throw new JsonException("no options");
        }
        catch (JsonException e)
        {
            throw ParScaleException.BadInput("TR-20", path, $"is of another version of this program or damaged ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')})", e);
        }
    }

    /// <summary>The options that differ from <paramref name="asked"/>, by their names in the file, with the values there and now.</summary>
    public IReadOnlyList<ChangedOption> Changes(TrainingOptions asked)
    {
        JsonElement there = JsonSerializer.SerializeToElement(Options, Format);
        JsonElement now = JsonSerializer.SerializeToElement(asked, Format);
        return
        [
            .. there.EnumerateObject().Select(option => new ChangedOption(option.Name, option.Value.GetRawText(), now.GetProperty(option.Name).GetRawText()))
                .Where(option => option.There != option.Now),
        ];
    }
}
