using ParScale.Training.Optimization;

namespace ParScale.Training.Tests.Optimization;

public sealed class LearningRateTests
{
    private static readonly LearningRate Rate = new(Peak: 1.0, Floor: 0.1, WarmupSteps: 4, Steps: 15);

    [Theory]
    [InlineData(0, 0.25)]
    [InlineData(3, 1.0)]
    [InlineData(4, 1.0)]
    [InlineData(9, 0.55)]
    [InlineData(14, 0.1)]
    public void Warm_up_then_cosine(long step, double expected) => Assert.Equal(expected, Rate.At(step), 1e-12);

    [Fact]
    public void The_last_step_has_the_lowest_rate_also_if_it_is_the_only_one_after_the_warm_up()
    {
        for (int warmup = 0; warmup < 10; warmup++) Assert.Equal(0.1, new LearningRate(1.0, 0.1, warmup, 10).At(9), 1e-12);
    }

    [Fact]
    public void Without_warm_up_the_first_step_has_the_peak() => Assert.Equal(2.0, new LearningRate(2, 0, 0, 10).At(0));

    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(4, 1.0)]
    [InlineData(15, 1.0)]
    [InlineData(16, 0.55)]
    [InlineData(19, 0.1)]
    public void Warm_up_stable_then_one_minus_a_root(long step, double expected) =>
        Assert.Equal(expected, new LearningRate(1.0, 0.1, 4, 20, Schedule.Wsd, DecayFraction: 0.2).At(step), 1e-12);

    [Fact]
    public void A_decay_of_all_steps_begins_after_the_warm_up()
    {
        var rate = new LearningRate(1.0, 0, 4, 8, Schedule.Wsd, DecayFraction: 1);
        Assert.Equal([0.25, 0.5, 0.75, 1, 0.5], Enumerable.Range(0, 5).Select(step => rate.At(step)));
        Assert.Equal(0, rate.At(7));
        Assert.Equal(1, new LearningRate(1, 0, 10, 10, Schedule.Wsd).At(9));
    }

    [Fact]
    public void Constant_stays_at_the_peak() =>
        Assert.Equal([0.5, 1, 1, 1], Enumerable.Range(0, 4).Select(step => new LearningRate(1, 0, 2, 4, Schedule.Constant).At(step)));
}
