namespace ParScale.ScalingLaws.Plan;

/// <summary>Why nothing fits.</summary>
/// <param name="Limit">The limit that fails.</param>
/// <param name="Allowed">The limit, bytes or seconds.</param>
/// <param name="Nearest">The model that comes nearest to it, of those that hold <paramref name="Others"/>.</param>
/// <param name="Needed">What that model needs, bytes or seconds.</param>
/// <param name="Others">True when the limit could be held alone, but not together with the other limits.</param>
public sealed record PlanFailure(PlanLimit Limit, double Allowed, PlanChoice Nearest, double Needed, bool Others);
