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
    public void Without_warm_up_the_first_step_has_the_peak() => Assert.Equal(2.0, new LearningRate(2, 0, 0, 10).At(0));
}
