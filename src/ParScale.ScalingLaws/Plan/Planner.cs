using ParScale.Kernels.Formats;
using ParScale.ScalingLaws.Cost;

namespace ParScale.ScalingLaws.Plan;

/// <summary>Ranks sizes, streams and formats by predicted loss under limits of memory and time.</summary>
public static class Planner
{
    /// <summary>Considers every combination that <paramref name="request"/> names.</summary>
    public static PlanResult Plan(PlanRequest request)
    {
        PlanChoice[] all = [.. from shape in request.Shapes from streams in request.Streams from weights in request.Weights
                               select Consider(request, shape, streams, weights)];
        PlanChoice[] ranked = [.. all.Where(choice => Enum.GetValues<PlanLimit>().All(limit => Holds(request, limit, choice)))
            .OrderBy(choice => choice.Loss).ThenBy(choice => choice.MemoryBytes)];
        PlanChoice[] front = [.. ranked.Where(choice => !ranked.Any(choice.IsBeatenBy))];
        return new PlanResult(request, all, ranked, front, ranked.Length == 0 ? Explain(request, all) : null);
    }

    /// <summary>What a model needs of something that is limited: bytes or seconds.</summary>
    public static double Need(PlanLimit limit, PlanChoice choice) => limit switch
    {
        PlanLimit.Memory => choice.MemoryBytes,
        PlanLimit.Decode => choice.DecodeSeconds,
        PlanLimit.Prefill => choice.PrefillSeconds,
        _ => throw new ArgumentOutOfRangeException(nameof(limit)),
    };

    /// <summary>A limit: bytes or seconds, infinite where there is none.</summary>
    public static double Allowed(PlanRequest request, PlanLimit limit) => limit switch
    {
        PlanLimit.Memory => request.MemoryLimit,
        PlanLimit.Decode => request.DecodeLimit,
        PlanLimit.Prefill => request.PrefillLimit,
        _ => throw new ArgumentOutOfRangeException(nameof(limit)),
    };

    /// <summary>One model at the work that is asked for.</summary>
    public static PlanChoice Consider(PlanRequest request, ModelShape shape, int streams, WeightDtype weights)
    {
        var query = new CostQuery
        {
            Shape = shape,
            Streams = streams,
            Weights = weights,
            Cache = request.Cache ?? WeightFormats.DefaultCache(weights),
            Work = request.Work,
            Device = request.Device,
        };
        return new PlanChoice
        {
            Query = query,
            Loss = request.Law.Loss(shape.NonEmbeddingParameters(streams), streams) + request.RoundingLoss(weights),
            MemoryBytes = CostModel.Memory(query).Total,
            DecodeSeconds = CostModel.DecodeSeconds(query, request.Work.Context),
            PrefillSeconds = CostModel.PrefillSeconds(query),
            IsExtrapolated = !request.Fitted.Holds(shape.NonEmbeddingParameters(1), streams),
        };
    }

    internal static bool Holds(PlanRequest request, PlanLimit limit, PlanChoice choice) => Need(limit, choice) <= Allowed(request, limit);

    // A limit that no model holds alone is named first; else the one that is missed by least when the others are held.
    private static PlanFailure Explain(PlanRequest request, IReadOnlyList<PlanChoice> all)
    {
        PlanLimit[] limits = Enum.GetValues<PlanLimit>();
        PlanFailure[] alone = [.. limits.Select(limit => Nearest(request, limit, all, others: false))];
        if (alone.FirstOrDefault(failure => failure.Needed > failure.Allowed) is { } impossible) return impossible;
        return limits
            .Select(limit => (Limit: limit, Within: all.Where(choice => limits.All(other => other == limit || Holds(request, other, choice))).ToList()))
            .Where(pair => pair.Within.Count > 0)
            .Select(pair => Nearest(request, pair.Limit, pair.Within, others: true))
            .DefaultIfEmpty(alone[0] with { Others = true })
            .MinBy(failure => failure.Needed / failure.Allowed) ?? alone[0];
    }

    private static PlanFailure Nearest(PlanRequest request, PlanLimit limit, IReadOnlyList<PlanChoice> choices, bool others)
    {
        PlanChoice nearest = choices[0];
        foreach (PlanChoice choice in choices)
            if (Need(limit, choice) < Need(limit, nearest)) nearest = choice;
        return new PlanFailure(limit, Allowed(request, limit), nearest, Need(limit, nearest), others);
    }
}
