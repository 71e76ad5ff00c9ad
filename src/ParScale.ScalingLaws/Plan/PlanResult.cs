namespace ParScale.ScalingLaws.Plan;

/// <summary>What a plan found.</summary>
/// <param name="Request">What was asked.</param>
/// <param name="All">Everything that was considered.</param>
/// <param name="Ranked">What holds all limits, by loss; equal losses by memory.</param>
/// <param name="Front">Of those, the ones that no other beats in loss, memory and time at once.</param>
/// <param name="Failure">Why <paramref name="Ranked"/> is empty, else null.</param>
public sealed record PlanResult(
    PlanRequest Request, IReadOnlyList<PlanChoice> All, IReadOnlyList<PlanChoice> Ranked, IReadOnlyList<PlanChoice> Front, PlanFailure? Failure)
{
    /// <summary>The best of all, or null when nothing fits.</summary>
    public PlanChoice? Winner => Ranked.Count == 0 ? null : Ranked[0];

    /// <summary>The best of which there is a published checkpoint, or null.</summary>
    public PlanChoice? Published => Ranked.FirstOrDefault(PublishedCheckpoints.Has);

    /// <summary>The best with P = 1, or null.</summary>
    public PlanChoice? Plain => Ranked.FirstOrDefault(choice => choice.Streams == 1);
}
