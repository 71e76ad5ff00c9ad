namespace ParScale.Tests.Engine;

/// <summary>The rule of docs/math.md by which a gate opens, apart from the engine's.</summary>
/// <param name="budget">Mean streams.</param>
/// <param name="threshold">Where the threshold is, or starts.</param>
/// <param name="streams">P.</param>
/// <param name="quantiles">The least and the largest of the gains that a router expects, which lie on a line; null where it is the entropy that counts.</param>
internal sealed class GateRule(double? budget, double? threshold, int streams, (double Least, double Most)? quantiles = null)
{
    private readonly bool _follows = budget is not null || threshold is null;
    private readonly double _aim = Aim(budget, threshold, streams), _step = quantiles is var (least, most) ? (most - least) * 0.8 / 10 : 0.25;
    private double _now = threshold ?? (quantiles is var (lowest, highest) ? highest - Aim(budget, threshold, streams) * (highest - lowest) : 1);

    /// <summary>Tokens so far.</summary>
    public int Count { get; private set; }

    /// <summary>Those of them at which all streams ran.</summary>
    public int Open { get; private set; }

    /// <summary>Whether all streams run for the next token, whose prediction by the plain model has this entropy or expected gain, nats.</summary>
    public bool Opens(double score)
    {
        bool unsure = score > _now, opens = unsure && (!_follows || (_aim > 0 && Open <= _aim * (Count + 1) + 3));
        if (_follows) _now += _step * ((unsure ? 1 : 0) - _aim);
        (Open, Count) = (Open + (opens ? 1 : 0), Count + 1);
        return opens;
    }

    /// <summary>Checks the mean number of streams of a finished answer: that of the rule, and within the budget where one is followed.</summary>
    public void CheckMean(double mean)
    {
        Assert.Equal(1 + (streams - 1.0) * Open / Count, mean, 1e-12);
        if (_follows) Assert.InRange(mean, 1, (budget ?? 1.5) + 4 * (streams - 1.0) / Count);
    }

    private static double Aim(double? budget, double? threshold, int streams) => ((budget ?? (threshold is null ? 1.5 : 0)) - 1) / (streams - 1);
}
