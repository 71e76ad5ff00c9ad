using ParScale.Cli.Cost;
using ParScale.ScalingLaws;
using ParScale.ScalingLaws.Plan;

namespace ParScale.Cli.Planning;

/// <summary>The JSON of <c>parscale plan</c>. Losses are nats per token, memory bytes, times milliseconds; no limit is null.</summary>
internal sealed record PlanReport
{
    public required DeviceFigures Device { get; init; }

    public required PlanLimits Limits { get; init; }

    public required PlanLaw Law { get; init; }

    /// <summary>Nats per token that each dtype adds.</summary>
    public required IReadOnlyDictionary<string, double> RoundingLoss { get; init; }

    /// <summary>How many models were considered, and how many of them hold the limits.</summary>
    public required int Considered { get; init; }

    public required int Within { get; init; }

    public required PlanRow Winner { get; init; }

    /// <summary>The best with P = 1, or null.</summary>
    public required PlanRow? Plain { get; init; }

    /// <summary>The best of which there is a checkpoint, or null; and its names on the hub.</summary>
    public required PlanRow? Published { get; init; }

    public required IReadOnlyList<string> Checkpoints { get; init; }

    /// <summary>Pareto front: models that no other beats in loss, memory and time at once; least loss first.</summary>
    public required IReadOnlyList<PlanRow> Front { get; init; }

    /// <summary>All that hold the limits, least loss first.</summary>
    public required IReadOnlyList<PlanRow> Ranked { get; init; }

    /// <summary>Why the winner wins.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }

    /// <summary>Where P stops paying, in figures and in words; null when there is nothing to compare.</summary>
    public required PlanStreams? Streams { get; init; }

    /// <summary>What to keep in mind.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    public static PlanReport Of(PlanResult plan, string data)
    {
        PlanRequest request = plan.Request;
        PlanChoice winner = plan.Winner ?? throw new ArgumentException("no model is within the limits", nameof(plan));
        return new PlanReport
        {
            Device = DeviceFigures.From(request.Device),
            Limits = PlanLimits.Of(plan),
            Law = new PlanLaw(data, request.Law.E, request.Law.A, request.Law.Alpha, request.Law.K),
            RoundingLoss = request.Weights.ToDictionary(Figures.Format, request.RoundingLoss),
            Considered = plan.All.Count,
            Within = plan.Ranked.Count,
            Winner = PlanRow.Of(winner),
            Plain = plan.Plain is { } plain ? PlanRow.Of(plain) : null,
            Published = plan.Published is { } published ? PlanRow.Of(published) : null,
            Checkpoints = plan.Published is { } known ? CheckpointsOf(known, request.Law) : [],
            Front = [.. plan.Front.Select(PlanRow.Of)],
            Ranked = [.. plan.Ranked.Select(PlanRow.Of)],
            Reasons = PlanReasons.WhyItWins(plan),
            Streams = PlanStreams.Of(plan, winner),
            Notes = NotesOf(plan),
        };
    }

    // Those trained on other data than the law's come last.
    private static string[] CheckpointsOf(PlanChoice choice, ScalingLaw law)
    {
        string other = law == ScalingLaw.Pile ? "-Python" : "-Pile";
        return [.. PublishedCheckpoints.Names(choice.Shape, choice.Streams).OrderBy(name => name.EndsWith(other, StringComparison.Ordinal))];
    }

    private static List<string> NotesOf(PlanResult plan)
    {
        List<string> notes =
        [
            "Losses are predictions for models trained like those of the law (the published ones on 42 billion tokens each). They compare sizes; a model trained differently has another loss.",
        ];
        if (plan.Request.Weights.Any(format => plan.Request.RoundingLoss(format) > 0))
            notes.Add("The loss that quantization adds is a rough estimate from a 7B model; smaller models lose more. --q8-loss and --q4-loss set it.");
        if (plan.Published is not null && plan.Request.Work.Context > PublishedCheckpoints.Positions)
            notes.Add($"The published models have a context of {Figures.Count(PublishedCheckpoints.Positions)} tokens; one with {Figures.Count(plan.Request.Work.Context)} has to be trained.");
        if (plan.Ranked.Any(choice => !PublishedCheckpoints.Has(choice))) notes.Add("* marks sizes without a published checkpoint; they have to be trained first.");
        return notes;
    }
}

/// <summary>What was asked.</summary>
/// <param name="MemoryBytes">Most memory at full context.</param>
/// <param name="LatencyMs">Most time of a token, or null.</param>
/// <param name="FirstTokenMs">Most time until the prompt is read, or null.</param>
/// <param name="Batch">Sequences at the same time.</param>
/// <param name="Prompt">Tokens of each prompt.</param>
/// <param name="Output">Tokens generated after it.</param>
/// <param name="Kv">Format of keys and values beside each format of the weights.</param>
internal sealed record PlanLimits(
    double MemoryBytes, double? LatencyMs, double? FirstTokenMs, int Batch, int Prompt, int Output, IReadOnlyDictionary<string, string> Kv)
{
    public static PlanLimits Of(PlanResult plan) => new(
        plan.Request.MemoryLimit, Milliseconds(plan.Request.DecodeLimit), Milliseconds(plan.Request.PrefillLimit),
        plan.Request.Work.Batch, plan.Request.Work.Prompt, plan.Request.Work.Output,
        CacheFormats.Of(plan.All.Select(choice => (choice.Weights, choice.Query.Cache))));

    private static double? Milliseconds(double seconds) => double.IsFinite(seconds) ? seconds * 1e3 : null;
}

/// <summary>The law that told the losses.</summary>
/// <param name="Data">What it was fitted to.</param>
/// <param name="E">Irreducible loss.</param>
/// <param name="A">Scale, in parameters.</param>
/// <param name="Alpha">Exponent.</param>
/// <param name="K">Worth of ln P.</param>
internal sealed record PlanLaw(string Data, double E, double A, double Alpha, double K);
