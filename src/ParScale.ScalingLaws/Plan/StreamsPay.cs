using ParScale.ScalingLaws.Cost;

namespace ParScale.ScalingLaws.Plan;

/// <summary>
/// Where streams stop paying: a model with P streams beside its twin, the larger plain model of the same loss, on the same machine
/// in the same format.
/// </summary>
public sealed record StreamsPay
{
    // Half-doublings: 1, 2, 3, 4, 6, 8, 12 ... as far as anybody goes.
    private static readonly int[] Steps = [1, .. Enumerable.Range(1, 19).SelectMany(doubling => new[] { 1 << doubling, 3 << (doubling - 1) })];

    private const int MostBatch = 1024, MostContext = 1 << 18;

    /// <summary>The model with streams.</summary>
    public required PlanChoice Streams { get; init; }

    /// <summary>The plain model of the same loss.</summary>
    public required PlanChoice Twin { get; init; }

    /// <summary>Least batch at which a decode step of the twin is as fast; null when there is none up to 1024.</summary>
    public required int? Batch { get; init; }

    /// <summary>Least context, at the batch asked for, at which the twin needs no more memory; null when there is none up to 262,144 tokens.</summary>
    public required int? Context { get; init; }

    /// <summary>
    /// Tokens of output after which prompt and output together are as fast as the twin's; 0 when they always are, infinite when never.
    /// </summary>
    public required double OutputToBreakEven { get; init; }

    /// <summary>Compares; null when no shape is as large as the twin would be.</summary>
    public static StreamsPay? Of(PlanRequest request, PlanChoice choice)
    {
        double equal = request.Law.EquivalentParameters(choice.Shape.NonEmbeddingParameters(choice.Streams), choice.Streams);
        if (equal > PublishedShapes.Most) return null;
        PlanChoice twin = Planner.Consider(request, PublishedShapes.WithParameters(equal), 1, choice.Weights);
        double behind = choice.PrefillSeconds - twin.PrefillSeconds, gained = twin.DecodeSeconds - choice.DecodeSeconds;
        return new StreamsPay
        {
            Streams = choice,
            Twin = twin,
            Batch = First(MostBatch, batch => Step(twin, request.Work with { Batch = batch }) <= Step(choice, request.Work with { Batch = batch })),
            Context = First(MostContext, context => Bytes(twin, context) <= Bytes(choice, context)),
            OutputToBreakEven = behind <= 0 ? 0 : gained > 0 ? behind / gained : double.PositiveInfinity,
        };
    }

    private static int? First(int most, Func<int, bool> holds) =>
        Steps.Order().TakeWhile(step => step <= most).Where(holds).Cast<int?>().FirstOrDefault();

    private static double Step(PlanChoice choice, Workload work) => CostModel.DecodeSeconds(choice.Query with { Work = work }, work.Context);

    private static double Bytes(PlanChoice choice, int context) =>
        CostModel.Memory(choice.Query with { Work = choice.Query.Work with { Prompt = context, Output = 0 } }).Total;
}
