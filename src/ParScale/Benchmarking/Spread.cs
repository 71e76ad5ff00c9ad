namespace ParScale.Benchmarking;

/// <summary>Repeated measurements of one thing, in short.</summary>
/// <param name="Mean">Arithmetic mean.</param>
/// <param name="Deviation">Standard deviation of a sample; 0 when there is only one.</param>
/// <param name="Median">The middle one: on a shared machine the figure that a few disturbed runs do not change.</param>
/// <param name="Least">The smallest.</param>
/// <param name="Most">The largest.</param>
/// <param name="Count">How many there are.</param>
internal readonly record struct Spread(double Mean, double Deviation, double Median, double Least, double Most, int Count)
{
    /// <summary>Sums up one or more measurements.</summary>
    public static Spread Of(IReadOnlyCollection<double> samples)
    {
        ArgumentOutOfRangeException.ThrowIfZero(samples.Count);
        double[] sorted = [.. samples.Order()];
        int count = sorted.Length;
        double mean = sorted.Average();
        double deviation = count == 1 ? 0 : Math.Sqrt(sorted.Sum(value => (value - mean) * (value - mean)) / (count - 1));
        return new Spread(mean, deviation, (sorted[(count - 1) / 2] + sorted[count / 2]) / 2, sorted[0], sorted[^1], count);
    }
}
