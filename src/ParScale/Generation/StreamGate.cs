using ParScale.Kernels.Elementwise;
using ParScale.Model;

namespace ParScale.Generation;

/// <summary>
/// When all streams run: for the tokens whose prediction by the plain model, the anchor of an anchored one, has a score above a threshold: its
/// entropy, or the gain that the model's router expects. Such a token gets exactly the prediction of all streams, another exactly the plain
/// model's. Streams of an elastic model read then, together, all tokens since they last ran. The choice depends on the request alone.
/// </summary>
public sealed record StreamGate
{
    /// <summary>The budget where neither a budget nor a threshold is given.</summary>
    public const double DefaultBudget = 1.5;

    /// <summary>Where a threshold of entropy starts that follows a budget.</summary>
    public const double DefaultThreshold = 1;

    /// <summary>
    /// Mean streams per chosen token, 1 to P: never exceeded by more than four openings of the gate, and the threshold is moved for it, up after
    /// scores above it, down after others. Null leaves the threshold where it is.
    /// </summary>
    public double? Budget { get; init; }

    /// <summary>
    /// Nats above which the gate opens, of entropy unless <see cref="Score"/> says otherwise; with a budget where the threshold starts. Null starts at
    /// <see cref="DefaultThreshold"/>, of a router at the gain above which a share of tokens lies that uses the budget.
    /// </summary>
    public double? Threshold { get; init; }

    /// <summary>What is looked at. Null asks the streams' router where they have one and no threshold is given, and takes the entropy elsewhere.</summary>
    public GateScore? Score { get; init; }

    /// <summary>Checks every range.</summary>
    /// <exception cref="ParScaleException">A value is outside its range; the message names it.</exception>
    public void Validate()
    {
        if (Budget is { } budget && !(budget >= 1 && double.IsFinite(budget)))
            throw ParScaleException.Usage("GE-08", FormattableString.Invariant($"the stream budget is {budget}; it must be at least 1, the plain model"));
        if (Threshold is { } threshold && !(threshold >= 0 && double.IsFinite(threshold)))
            throw ParScaleException.Usage("GE-08", FormattableString.Invariant($"the stream threshold is {threshold}; it must be at least 0 nats"));
        if (Score is { } score && !Enum.IsDefined(score)) throw ParScaleException.Usage("GE-08", $"the stream gate's score is {(int)score}; it must be entropy or router");
    }

    /// <summary>Refuses streams that cannot rest, are fewer than the budget, or lack the router that is asked for.</summary>
    /// <exception cref="ParScaleException">GE-08.</exception>
    internal void Require(StreamSet set)
    {
        Validate();
        if (!set.CanRest)
        {
            throw ParScaleException.Usage("GE-08", $"streams {ParScaleException.Quote(set.Name)} (P = {set.Count}) cannot rest: only those of an anchored "
                + "model can, or of an elastic one that was trained for 1 stream too; choose a number of streams");
        }
        if (Budget > set.Count)
            throw ParScaleException.Usage("GE-08", FormattableString.Invariant($"the stream budget is {Budget}; it must be at most {set.Count}, all streams"));
        if (Score == GateScore.Router && !set.HasRouter)
        {
            throw ParScaleException.Usage("GE-08", $"streams {ParScaleException.Quote(set.Name)} (P = {set.Count}) have no router; fit one "
                + "(parscale-train gates --save), or let the gate look at the entropy");
        }
    }

    /// <summary>What is looked at with these streams.</summary>
    internal GateScore ScoreOf(StreamSet set) => Score ?? (set.HasRouter && Threshold is null ? GateScore.Router : GateScore.Entropy);
}

/// <summary>A gate at work on one request.</summary>
internal sealed class OpenGate
{
    // Nats of entropy that the threshold moves by for one stretch of the budget.
    private const double EntropyStep = 0.25;

    // Openings ahead of the budget. Unsure tokens come together: without them a short answer rests where it needs streams most.
    private const int Spare = 3;

    private static readonly ulong[] Anchor = [1];

    private readonly int _streams;
    private readonly StreamRouter? _router;

    // The share of tokens at which it may open; null with a fixed threshold.
    private readonly double? _share;
    private readonly double _step;
    private double _threshold;
    private long _tokens, _open;

    /// <summary>The gate over a set that it was checked against.</summary>
    public OpenGate(StreamGate gate, StreamSet set)
    {
        (_streams, Score) = (set.Count, gate.ScoreOf(set));
        _router = Score == GateScore.Router ? set.Router : null;
        if ((gate.Budget ?? (gate.Threshold is null ? StreamGate.DefaultBudget : null)) is { } budget) _share = (Math.Min(budget, _streams) - 1) / (_streams - 1);
        _step = _router?.Step ?? EntropyStep;
        _threshold = gate.Threshold ?? (_router is null ? StreamGate.DefaultThreshold : _router.Above(_share!.Value));
    }

    /// <summary>What it looks at.</summary>
    public GateScore Score { get; }

    /// <summary>Streams per token so far; 1 before the first.</summary>
    public double MeanStreams => _tokens == 0 ? 1 : 1 + (_streams - 1) * (double)_open / _tokens;

    /// <summary>The anchor for each of so many tokens.</summary>
    public static ReadOnlyMemory<ulong> AnchorAlone(int tokens)
    {
        if (tokens <= 1) return Anchor.AsMemory(0, tokens);
        var active = new ulong[tokens];
        Array.Fill(active, 1UL);
        return active;
    }

    /// <summary>Whether all streams run for the token that the plain model predicts with these logits [V]; called once for each.</summary>
    public bool Opens(ReadOnlySpan<float> logits)
    {
        double score = _router?.ExpectedGain(logits) ?? Softmax.Entropy(logits);
        bool wanted = score > _threshold, open = wanted;
        _tokens++;
        if (_share is { } share)
        {
            open = wanted && share > 0 && _open <= share * _tokens + Spare;
            _threshold += _step * (wanted ? 1 - share : -share);
        }
        if (open) _open++;
        return open;
    }
}
