using System.Text.Json.Serialization;

namespace ParScale.Training.Optimization;

/// <summary>
/// Linear warm-up to <paramref name="Peak"/>, then by <paramref name="Schedule"/>: half a cosine down to <paramref name="Floor"/>; or the
/// peak up to the last <paramref name="DecayFraction"/> of all steps (MiniCPM, Hu et al. 2024) and from there
/// Floor + (Peak - Floor) (1 - sqrt(x)), x from 0 to 1 (Hägele et al. 2024, who found it better than a line); or the peak.
/// </summary>
internal sealed record LearningRate(
    double Peak, double Floor, long WarmupSteps, long Steps, Schedule Schedule = Schedule.Cosine, double DecayFraction = 0.2)
{
    /// <summary>The rate of step <paramref name="step"/>, counted from 0; both ways down end at the floor with the last step.</summary>
    public double At(long step)
    {
        if (step < WarmupSteps) return Peak * (step + 1) / WarmupSteps;
        return Schedule switch
        {
            Schedule.Constant => Peak,
            Schedule.Wsd => Stable(step),
            _ => Cosine(step),
        };
    }

    private double Cosine(long step)
    {
        // A single step after the warm-up is the last one; a single step at all has the peak.
        double progress = Steps - 1 > WarmupSteps ? (double)(step - WarmupSteps) / (Steps - 1 - WarmupSteps) : WarmupSteps > 0 ? 1 : 0;
        return Floor + 0.5 * (Peak - Floor) * (1 + Math.Cos(Math.PI * Math.Min(1, progress)));
    }

    private double Stable(long step)
    {
        long decaySteps = Math.Min(Steps - WarmupSteps, (long)Math.Round(Steps * DecayFraction));
        long decayed = step + 1 - (Steps - decaySteps);
        if (decayed <= 0) return Peak;
        return Floor + (Peak - Floor) * (1 - Math.Sqrt(Math.Min(1, (double)decayed / decaySteps)));
    }
}

/// <summary>What the learning rate does after its warm-up; see <see cref="LearningRate"/>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Schedule>))]
internal enum Schedule
{
    /// <summary>Half a cosine down to the lowest rate.</summary>
    [JsonStringEnumMemberName("cosine")]
    Cosine,

    /// <summary>Warm-up, stable, decay: the peak, then 1 - sqrt down to the lowest rate.</summary>
    [JsonStringEnumMemberName("wsd")]
    Wsd,

    /// <summary>The peak to the end.</summary>
    [JsonStringEnumMemberName("constant")]
    Constant,
}
