using ParScale.ScalingLaws.Plan;

namespace ParScale.Cli.Planning;

/// <summary>Where P stops paying.</summary>
/// <param name="Model">The model with streams that was compared.</param>
/// <param name="Twin">The plain model of equal loss.</param>
/// <param name="Batch">Least batch at which the twin's step is as fast, or null.</param>
/// <param name="Context">Least context at which the twin needs no more memory, or null.</param>
/// <param name="OutputToBreakEven">Tokens of output that make up for the slower prompt, or null when none do.</param>
/// <param name="Words">The same in sentences.</param>
internal sealed record PlanStreams(PlanRow Model, PlanRow Twin, int? Batch, int? Context, double? OutputToBreakEven, IReadOnlyList<string> Words)
{
    /// <summary>Compares the winner, or when that has P = 1 the same model with the most streams that were considered.</summary>
    public static PlanStreams? Of(PlanResult plan, PlanChoice winner)
    {
        PlanRequest request = plan.Request;
        int streams = winner.Streams > 1 ? winner.Streams : request.Streams.Max();
        if (streams == 1) return null;
        if (StreamsPay.Of(request, Planner.Consider(request, winner.Shape, streams, winner.Weights)) is not { } pay) return null;
        return new PlanStreams(PlanRow.Of(pay.Streams), PlanRow.Of(pay.Twin), pay.Batch, pay.Context,
            double.IsFinite(pay.OutputToBreakEven) ? pay.OutputToBreakEven : null, PlanReasons.WhereStreamsStop(request, pay));
    }
}
