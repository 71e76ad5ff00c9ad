using ParScale.ScalingLaws.Cost;

namespace ParScale.ScalingLaws.Tests.Cost;

/// <summary>The figures of the paper's cost analysis, read off its figure 4 by running its script.</summary>
public class PublishedComparisonTests
{
    private const double Gibibyte = 1L << 30, Allowed = 0.02;

    public static TheoryData<int, string, int, double, double> Figure => new()
    {
        { 1, "1.6B", 1, 3.44, 0.483 }, { 1, "1.6B", 2, 3.48, 0.494 }, { 1, "1.6B", 4, 3.52, 0.514 }, { 1, "1.6B", 8, 3.59, 0.555 },
        { 1, "2.8B", 1, 5.83, 0.823 }, { 1, "2.8B", 8, 6.04, 0.932 }, { 1, "4.4B", 1, 8.92, 1.262 }, { 1, "4.4B", 8, 9.19, 1.415 },
        { 2, "1.6B", 1, 3.52, 0.492 }, { 2, "1.6B", 2, 3.59, 0.515 }, { 2, "1.6B", 4, 3.65, 0.556 }, { 2, "1.6B", 8, 3.78, 0.638 },
        { 2, "2.8B", 1, 5.92, 0.837 }, { 2, "2.8B", 8, 6.26, 1.057 }, { 2, "4.4B", 1, 9.01, 1.282 }, { 2, "4.4B", 8, 9.46, 1.590 },
        { 4, "1.6B", 1, 3.68, 0.512 }, { 4, "1.6B", 2, 3.81, 0.558 }, { 4, "1.6B", 4, 3.92, 0.640 }, { 4, "1.6B", 8, 4.16, 0.803 },
        { 4, "2.8B", 1, 6.09, 0.867 }, { 4, "2.8B", 8, 6.72, 1.306 }, { 4, "4.4B", 1, 9.19, 1.323 }, { 4, "4.4B", 8, 9.98, 1.939 },
        { 8, "1.6B", 1, 4.00, 0.553 }, { 8, "1.6B", 2, 4.24, 0.644 }, { 8, "1.6B", 4, 4.47, 0.807 }, { 8, "1.6B", 8, 4.92, 1.134 },
        { 8, "2.8B", 1, 6.42, 0.927 }, { 8, "2.8B", 8, 7.62, 1.805 }, { 8, "4.4B", 1, 9.54, 1.405 }, { 8, "4.4B", 8, 11.03, 2.637 },
    };

    [Theory]
    [MemberData(nameof(Figure))]
    public void Absolute_values_are_the_published_ones(int batch, string name, int streams, double gibibytes, double seconds)
    {
        ModelShape shape = Assert.IsType<ModelShape>(PublishedShapes.Find(name));
        (double bytes, double time) = PublishedComparison.Mean(shape, streams, batch);
        Assert.InRange(bytes / Gibibyte / gibibytes, 1 - Allowed, 1 + Allowed);
        Assert.InRange(time / seconds, 1 - Allowed, 1 + Allowed);
    }

    [Theory]
    [InlineData(1, 22.55, 6.43)]
    [InlineData(2, 12.9, 3.25)]
    [InlineData(4, 6.9, 1.67)]
    [InlineData(8, 3.6, 0.88)]
    public void Increase_ratios_are_the_published_ones(int batch, double memory, double latency)
    {
        (double byMemory, double byLatency) = PublishedComparison.IncreaseRatios(batch);
        Assert.InRange(byMemory / memory, 1 - Allowed, 1 + Allowed);
        Assert.InRange(byLatency / latency, 1 - Allowed, 1 + Allowed);
    }

    [Theory]
    [InlineData(512, 16, "1.6B", 1, 6.10, 1.43)]
    [InlineData(512, 16, "1.6B", 8, 9.47, 4.35)]
    [InlineData(512, 16, "2.8B", 1, 8.63, 2.33)]
    public void Outside_the_papers_range_too(int length, int batch, string name, int streams, double gibibytes, double seconds)
    {
        ModelShape shape = Assert.IsType<ModelShape>(PublishedShapes.Find(name));
        (double bytes, double time) = LlmAnalysisCost.Of(shape, streams, new Workload(batch, length, length));
        Assert.InRange(bytes / Gibibyte / gibibytes, 1 - Allowed, 1 + Allowed);
        Assert.InRange(time / seconds, 1 - Allowed, 1 + Allowed);
    }
}
