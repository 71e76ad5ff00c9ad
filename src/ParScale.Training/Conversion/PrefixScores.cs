using ParScale.Training.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Conversion;

/// <summary>
/// What queries q [N, D] give to the slots of a key k: the share m = sigmoid(cap(q k) + offset), and the derivatives of -ln(1 - m) by the
/// score q k. cap(x) = c tanh(x / c), or x where scores are not capped. All in float64.
/// </summary>
internal sealed class PrefixScores
{
    // Held: TorchSharp frees a number that nothing refers to any more, even during the call that reads it.
    private static readonly Scalar One = 1, Nothing = 0;
    private readonly Scalar? _cap, _perCap, _bend;
    private readonly Tensor _queries, _offset;

    /// <summary>Queries [N, D], offsets [N] and c, which is null where scores are not capped.</summary>
    public PrefixScores(Tensor queries, Tensor offset, double? cap)
    {
        (_queries, _offset) = (queries, offset);
        if (cap is { } c) (_cap, _perCap, _bend) = (c, 1 / c, -2 / c);
    }

    /// <summary>
    /// m; its product with cap', the first derivative; and m (1 - m) cap'^2 + m cap'', the second, as 0 where it is negative: there a step of
    /// Newton's method would go up. [N] each.
    /// </summary>
    public (Tensor Shares, Tensor First, Tensor Second) Derivatives(Tensor key)
    {
        Tensor scores = _queries.mv(key);
        if (_cap is null || _perCap is null || _bend is null)
        {
            Tensor m = scores.Plus(_offset).sigmoid();
            return (m, m, m - m.Squared());
        }
        Tensor bent = (scores * _perCap).tanh();
        Tensor shares = (bent * _cap).Plus(_offset).sigmoid();
        Tensor slope = bent.Squared().neg().Plus(One);
        Tensor curve = (shares - shares.Squared()) * slope.Squared();
        return (shares, shares * slope, curve.Plus(shares * bent * slope * _bend).clamp_min(Nothing));
    }

    /// <summary>The mean of -ln(1 - m).</summary>
    public double MeanLoss(Tensor key)
    {
        using var scope = NewDisposeScope();
        Tensor scores = _queries.mv(key);
        if (_cap is not null && _perCap is not null) scores = (scores * _perCap).tanh() * _cap;
        return -nn.functional.logsigmoid(scores.Plus(_offset).neg()).mean().item<double>();
    }
}
