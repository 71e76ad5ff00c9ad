namespace ParScale.ScalingLaws.Cost;

/// <summary>
/// The comparison that the paper is known for: what 8 streams add to the 1.6B model, against what it would add to make it larger until
/// a plain model has the same loss. "22 times less memory increase, 6 times less latency increase" is its case of one sequence.
/// Source: arXiv 2505.10475, figure 4, by its script and <see cref="LlmAnalysisCost"/>.
/// </summary>
public static class PublishedComparison
{
    // Losses on Stack-V2-Python: 1.6B with P = 8, and the two plain models that its own lies between.
    private const double Loss = 1.0383, SmallerLoss = 1.0451, LargerLoss = 1.0213;

    private static readonly int[] Lengths = [64, 128, 256, 512];

    /// <summary>Bytes and seconds, each the mean over prompts and outputs of 64, 128, 256 and 512 tokens.</summary>
    public static (double Bytes, double Seconds) Mean(ModelShape shape, int streams, int batch)
    {
        (double Bytes, double Seconds)[] all = [.. Lengths.Select(length => LlmAnalysisCost.Of(shape, streams, new Workload(batch, length, length)))];
        return (all.Average(cost => cost.Bytes), all.Average(cost => cost.Seconds));
    }

    /// <summary>How many times more the larger model adds to the 1.6B model than 8 streams do, in memory and in time.</summary>
    public static (double Memory, double Latency) IncreaseRatios(int batch)
    {
        IReadOnlyList<ModelShape> shapes = PublishedShapes.All;
        (ModelShape small, ModelShape smaller, ModelShape larger) = (shapes[3], shapes[4], shapes[5]);
        var plain = Mean(small, 1, batch);
        var streams = Mean(small, 8, batch);
        var below = Mean(smaller, 1, batch);
        var above = Mean(larger, 1, batch);
        double share = (SmallerLoss - Loss) / (SmallerLoss - LargerLoss);
        return ((below.Bytes + share * (above.Bytes - below.Bytes) - plain.Bytes) / (streams.Bytes - plain.Bytes),
            (below.Seconds + share * (above.Seconds - below.Seconds) - plain.Seconds) / (streams.Seconds - plain.Seconds));
    }
}
