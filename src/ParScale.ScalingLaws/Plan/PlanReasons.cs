using ParScale.ScalingLaws.Cost;

namespace ParScale.ScalingLaws.Plan;

/// <summary>A plan's outcome in sentences.</summary>
public static class PlanReasons
{
    /// <summary>Why the winner wins; none when nothing fits.</summary>
    public static IReadOnlyList<string> WhyItWins(PlanResult result)
    {
        if (result.Winner is not { } winner) return [];
        List<string> sentences =
        [
            $"{Figures.Name(winner)} has the least predicted loss within the limits: {Figures.Loss(winner.Loss)} nats per token, "
            + $"{Figures.Bytes(winner.MemoryBytes)}, {Figures.Seconds(winner.DecodeSeconds)} a token, {Figures.Seconds(winner.PrefillSeconds)} to the first.",
        ];
        AddNext(sentences, result, winner, "The next larger size", Larger(result, winner), winner.Streams);
        AddNext(sentences, result, winner, "The next larger P", winner.Shape, result.Request.Streams.Where(p => p > winner.Streams).DefaultIfEmpty().Min());
        if (winner.Streams > 1 && result.Plain is { } plain)
        {
            double worth = result.Request.Law.EquivalentParameters(winner.Shape.NonEmbeddingParameters(winner.Streams), winner.Streams);
            sentences.Add($"The best plain model within the limits is {Figures.Name(plain)}: loss {Figures.Loss(plain.Loss)}, "
                + $"{Figures.Loss(plain.Loss - winner.Loss)} more. The winner's streams make it worth a plain model of {Figures.Parameters(worth)}.");
        }
        if (winner.Streams == 1 && result.Ranked.FirstOrDefault(choice => choice.Streams > 1) is { } streams)
            sentences.Add($"The best with streams is {Figures.Name(streams)}: loss {Figures.Loss(streams.Loss)}, {Figures.Loss(streams.Loss - winner.Loss)} more. "
                + "Here memory and time are better spent on parameters than on streams.");
        if (winner.IsExtrapolated)
            sentences.Add($"The law was fitted to models of {Figures.Parameters(result.Request.Fitted.Least)} to {Figures.Parameters(result.Request.Fitted.Most)} parameters "
                + $"with P up to {result.Request.Fitted.Streams}; this one lies outside, so its loss is an extrapolation.");
        return sentences;
    }

    /// <summary>Where the streams of <paramref name="pay"/> stop paying.</summary>
    public static IReadOnlyList<string> WhereStreamsStop(PlanRequest request, StreamsPay pay)
    {
        PlanChoice streams = pay.Streams, twin = pay.Twin;
        string ahead = streams.DecodeSeconds < twin.DecodeSeconds && streams.MemoryBytes < twin.MemoryBytes ? "pay" : "do not pay";
        return
        [
            $"Here P = {streams.Streams} streams {ahead}: {Figures.Name(streams)} and its twin, a plain {twin.Shape.Name} of the same loss, take "
            + $"{Figures.Bytes(streams.MemoryBytes)} and {Figures.Bytes(twin.MemoryBytes)}, {Figures.Seconds(streams.DecodeSeconds)} and {Figures.Seconds(twin.DecodeSeconds)} a token.",
            pay.Batch switch
            {
                null => "Large batch: up to 1,024 sequences at once a step with streams stays faster.",
                1 => "Large batch: even for one sequence the twin's step is as fast, because the step is compute-bound.",
                int batch => $"Large batch: from {batch} sequences at once the twin's step is as fast; weights are then read once for all of them, and each stream adds arithmetic.",
            },
            pay.Context switch
            {
                null => $"Long context: up to 262,144 tokens (batch {request.Work.Batch}) the streams need less memory.",
                1 => "Long context: the twin needs no more memory even for a short one.",
                int context => $"Long context: from {Figures.Count(context)} tokens (batch {request.Work.Batch}) the twin needs no more memory, because each stream holds keys and values of its own.",
            },
            Prompt(request.Work, streams, twin, pay.OutputToBreakEven),
        ];
    }

    /// <summary>One line that says which limit fails and by how much.</summary>
    public static string Describe(PlanFailure failure)
    {
        string amount = Figures.Amount(failure.Limit, failure.Needed), allowed = Figures.Amount(failure.Limit, failure.Allowed);
        string over = Figures.Amount(failure.Limit, failure.Needed - failure.Allowed);
        string among = failure.Others ? "the nearest of those within the other limits" : "the least of all models";
        return $"no model is within the limit on {Figures.Name(failure.Limit)}: {among}, {Figures.Name(failure.Nearest)}, needs {amount}, {over} more than {allowed}";
    }

    private static string Prompt(Workload work, PlanChoice streams, PlanChoice twin, double output)
    {
        string times = $"Reading the prompt of {Figures.Count(work.Prompt)} tokens takes {Figures.Seconds(streams.PrefillSeconds)}, the twin {Figures.Seconds(twin.PrefillSeconds)}";
        return output switch
        {
            0 => $"Long prompts: {times}; the streams are never slower.",
            double.PositiveInfinity => $"Long prompts: {times}, and the streams never make that up: work that mostly reads (search, classification, summaries) is faster with the twin.",
            _ => $"Long prompts: {times}; it takes {Figures.Count(Math.Ceiling(output))} tokens of output to make that up, so work that mostly reads (search, classification, summaries) is faster with the twin.",
        };
    }

    private static ModelShape? Larger(PlanResult result, PlanChoice winner) =>
        result.Request.Shapes.Where(shape => shape.NonEmbeddingParameters(1) > winner.PlainParameters).MinBy(shape => shape.NonEmbeddingParameters(1));

    private static void AddNext(List<string> sentences, PlanResult result, PlanChoice winner, string what, ModelShape? shape, int streams)
    {
        if (shape is null || streams == 0) return;
        PlanChoice? next = result.All.FirstOrDefault(choice => choice.Shape == shape && choice.Streams == streams && choice.Weights == winner.Weights);
        if (next is null) return;
        string[] failed = [.. Enum.GetValues<PlanLimit>().Where(limit => !Planner.Holds(result.Request, limit, next)).Select(limit =>
            $"{Figures.Amount(limit, Planner.Need(limit, next))} where {Figures.Amount(limit, Planner.Allowed(result.Request, limit))} are allowed ({Figures.Name(limit)})")];
        if (failed.Length > 0) sentences.Add($"{what}, {Figures.Name(next)}, would need {string.Join(" and ", failed)}.");
    }
}
