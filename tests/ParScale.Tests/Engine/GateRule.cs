namespace ParScale.Tests.Engine;

/// <summary>The rule of docs/math.md by which a gate opens, apart from the engine's.</summary>
internal sealed class GateRule(double? budget, double? threshold, int streams)
{
    private readonly bool _follows = budget is not null || threshold is null;
    private readonly double _aim = ((budget ?? (threshold is null ? 1.5 : 0)) - 1) / (streams - 1);
    private double _now = threshold ?? 1;

    /// <summary>Tokens so far.</summary>
    public int Count { get; private set; }

    /// <summary>Those of them at which all streams ran.</summary>
    public int Open { get; private set; }

    /// <summary>Whether all streams run for the next token, which the plain model predicts with this entropy, nats.</summary>
    public bool Opens(double entropy)
    {
        bool unsure = entropy > _now, opens = unsure && (!_follows || (_aim > 0 && Open <= _aim * (Count + 1)));
        if (_follows) _now += 0.25 * ((unsure ? 1 : 0) - _aim);
        (Open, Count) = (Open + (opens ? 1 : 0), Count + 1);
        return opens;
    }

    /// <summary>Checks the mean number of streams of a finished answer: that of the rule, and within the budget where one is followed.</summary>
    public void CheckMean(double mean)
    {
        Assert.Equal(1 + (streams - 1.0) * Open / Count, mean, 1e-12);
        if (_follows) Assert.InRange(mean, 1, (budget ?? 1.5) + (streams - 1.0) / Count);
    }
}
