using ParScale.Kernels.Elementwise;
using ParScale.Model;

namespace ParScale.Generation;

/// <summary>
/// When all streams run: for the tokens whose prediction by the plain model, the anchor of an anchored one, has an entropy above a threshold.
/// Such a token gets exactly the prediction of all streams, another exactly the plain model's. Streams of an elastic model read then, together,
/// all tokens since they last ran. The choice depends on the request alone.
/// </summary>
public sealed record StreamGate
{
    /// <summary>The budget where neither a budget nor a threshold is given.</summary>
    public const double DefaultBudget = 1.5;

    /// <summary>Where a threshold starts that follows a budget.</summary>
    public const double DefaultThreshold = 1;

    /// <summary>
    /// Mean streams per chosen token, 1 to P: never exceeded by more than one opening of the gate, and the threshold is moved for it, up after
    /// entropies above it, down after others. Null leaves the threshold where it is.
    /// </summary>
    public double? Budget { get; init; }

    /// <summary>Nats above which the gate opens; with a budget where the threshold starts. Null starts at <see cref="DefaultThreshold"/>.</summary>
    public double? Threshold { get; init; }

    /// <summary>Checks every range.</summary>
    /// <exception cref="ParScaleException">A value is outside its range; the message names it.</exception>
    public void Validate()
    {
        if (Budget is { } budget && !(budget >= 1 && double.IsFinite(budget)))
            throw ParScaleException.Usage("GE-08", FormattableString.Invariant($"the stream budget is {budget}; it must be at least 1, the plain model"));
        if (Threshold is { } threshold && !(threshold >= 0 && double.IsFinite(threshold)))
            throw ParScaleException.Usage("GE-08", FormattableString.Invariant($"the stream threshold is {threshold}; it must be at least 0 nats"));
    }

    /// <summary>Refuses streams that cannot rest, or are fewer than the budget.</summary>
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
    }
}

/// <summary>A gate at work on one request.</summary>
internal sealed class OpenGate(StreamGate gate, int streams)
{
    // Nats that the threshold moves by for one stretch of the budget.
    private const double Step = 0.25;

    private static readonly ulong[] Anchor = [1];

    // The share of tokens at which it may open; null with a fixed threshold.
    private readonly double? _share = (gate.Budget ?? (gate.Threshold is null ? StreamGate.DefaultBudget : (double?)null)) is { } budget
        ? (Math.Min(budget, streams) - 1) / (streams - 1) : null;
    private double _threshold = gate.Threshold ?? StreamGate.DefaultThreshold;
    private long _tokens, _open;

    /// <summary>Streams per token so far; 1 before the first.</summary>
    public double MeanStreams => _tokens == 0 ? 1 : 1 + (streams - 1) * (double)_open / _tokens;

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
        bool unsure = Softmax.Entropy(logits) > _threshold, open = unsure;
        _tokens++;
        if (_share is { } share)
        {
            open = unsure && share > 0 && _open <= share * _tokens;
            _threshold += Step * (unsure ? 1 - share : -share);
        }
        if (open) _open++;
        return open;
    }
}
