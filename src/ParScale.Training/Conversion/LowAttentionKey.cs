using ParScale.Training.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Conversion;

/// <summary>
/// Finds the key that a set of queries looks at as little as asked. With n slots of key k, query q gives the prefix the share
/// m = sigmoid(q k + ln n - a) of its attention, a being the logarithm of the sum of e^score over the tokens it sees. The mean of
/// -ln(1 - m) is convex in k: Newton's method goes down from k = 0 until the mean of m is small enough, which also keeps k short. In a
/// layer that caps its scores, cap(q k) = c tanh(q k / c) stands for q k, and no share is below that of a score of -c: there it also
/// stops where a step takes hardly anything off the share, and shortens the key as far as that adds hardly anything.
/// </summary>
internal static class LowAttentionKey
{
    private const int MostSteps = 60;
    private const int MostHalvings = 30;

    // Only against directions that no query has.
    private const double Ridge = 1e-6;

    // A capped score far down has no slope, so a key that is longer than it must be could not be learned.
    private const double WorthwhileUnderCap = 0.95;

    // Held here: TorchSharp's number is freed when nothing refers to it any more, even during the call that reads it.
    private static readonly Scalar Shorter = 0.9;

    /// <summary>
    /// The key [D] for queries [N, D] with the logarithms <paramref name="logMass"/> [N], and each one's share m, [N]; float64.
    /// <paramref name="cap"/> is c, null where scores are not capped.
    /// </summary>
    public static (Tensor Key, Tensor Shares) Find(Tensor queries, Tensor logMass, int slots, double share, double? cap = null)
    {
        using var scope = NewDisposeScope();
        // Held: TorchSharp frees a number that nothing refers to any more, even during the call that reads it.
        using Scalar logSlots = Math.Log(slots), count = queries.shape[0];
        Tensor q = queries.to(ScalarType.Float64);
        Tensor offset = logMass.to(ScalarType.Float64).neg().Plus(logSlots);
        using Scalar least = q.Squared().mean().item<double>() * Ridge + double.Epsilon;
        Tensor ridge = eye(q.shape[1], dtype: ScalarType.Float64) * least;
        var prefix = new PrefixScores(q, offset, cap);
        Tensor key = zeros(q.shape[1], ScalarType.Float64);
        double before = double.PositiveInfinity;
        for (int step = 0; step < MostSteps; step++)
        {
            (Tensor m, Tensor first, Tensor second) = prefix.Derivatives(key);
            double mean = m.mean().item<double>();
            if (mean <= share || (cap is not null && mean > before * WorthwhileUnderCap)) break;
            before = mean;
            Tensor slope = (q.t().mv(first) / count).Plus(ridge.mv(key));
            Tensor curve = (matmul(q.t() * second, q) / count).Plus(ridge);
            Tensor direction = linalg.solve(curve, slope);
            if (Descend(prefix, ridge, key, direction) is not { } next) break;
            key = next;
        }
        if (cap is not null) key = Shortened(prefix, key, share);
        return (key.MoveToOuterDisposeScope(), prefix.Derivatives(key).Shares.MoveToOuterDisposeScope());
    }

    /// <summary>
    /// The same for each key-value head, of what a layer's query heads see on a walk: keys and their values, [kv heads, D] each, float64,
    /// and the largest mean share of a head. The value is the mean of what the queries that still look get from their tokens, so that
    /// what little they see changes as little as one value can.
    /// </summary>
    public static (Tensor Keys, Tensor Values, double Share) WithValue(
        Tensor queries, Tensor logMass, Tensor mixed, int keyHeads, int slots, double share, double? cap = null)
    {
        using var scope = NewDisposeScope();
        long group = queries.shape[0] / keyHeads;
        Tensor Own(Tensor perHead, int head) => perHead.narrow(0, head * group, group).flatten(0, 1);
        var keys = new Tensor[keyHeads];
        var values = new Tensor[keyHeads];
        double worst = 0;
        for (int head = 0; head < keyHeads; head++)
        {
            (keys[head], Tensor shares) = Find(Own(queries, head), Own(logMass, head), slots, share, cap);
            // The minimum over v of sum m^2 |v - o|^2.
            Tensor weights = shares.Squared() / shares.Squared().sum();
            values[head] = Own(mixed, head).t().mv(weights.to(mixed.dtype)).to(ScalarType.Float64);
            worst = Math.Max(worst, shares.mean().item<double>());
        }
        return (stack(keys).MoveToOuterDisposeScope(), stack(values).MoveToOuterDisposeScope(), worst);
    }

    /// <summary>The key a tenth shorter, again and again, as long as it gets no more than the share asked for, or hardly more than it had.</summary>
    private static Tensor Shortened(PrefixScores prefix, Tensor key, double share)
    {
        double Mean(Tensor at) => prefix.Derivatives(at).Shares.mean().item<double>();
        double most = Math.Max(share, Mean(key) / WorthwhileUnderCap);
        for (int step = 0; step < MostSteps && key * Shorter is var shorter && Mean(shorter) <= most; step++) key = shorter;
        return key;
    }

    /// <summary>The longest step of 1, 1/2, 1/4 ... that makes the mean smaller; null when none does.</summary>
    private static Tensor? Descend(PrefixScores prefix, Tensor ridge, Tensor key, Tensor direction)
    {
        double Value(Tensor at) => prefix.MeanLoss(at) + ridge.mv(at).dot(at).item<double>() / 2;
        double before = Value(key), length = 1;
        for (int i = 0; i < MostHalvings; i++, length /= 2)
        {
            using Scalar step = length;
            Tensor next = key - direction * step;
            if (Value(next) < before) return next;
        }
        return null;
    }
}
