using ParScale.ScalingLaws.Law;

namespace ParScale.ScalingLaws.Tests.Law;

public class ParameterCountTests
{
    [Theory]
    [InlineData("1571472384", 1571472384)]
    [InlineData("1.6e9", 1.6e9)]
    [InlineData("1.6E+9", 1.6e9)]
    [InlineData("2.8B", 2.8e9)]
    [InlineData("2.8 b", 2.8e9)]
    [InlineData(" 700M ", 7e8)]
    [InlineData("50k", 5e4)]
    [InlineData("1T", 1e12)]
    [InlineData("-3", -3)]
    [InlineData("Infinity", double.PositiveInfinity)]
    public void Numbers_with_and_without_units(string text, double expected)
    {
        Assert.True(ParameterCount.TryParse(text, out double value, out string? problem));
        Assert.Null(problem);
        Assert.Equal(expected, value, Math.Abs(expected) * 1e-15);
    }

    [Theory]
    [InlineData("", "is not a number")]
    [InlineData("B", "is not a number")]
    [InlineData("many", "is not a number")]
    [InlineData("1,6B", "is not a number")]
    [InlineData("1_000", "is not a number")]
    [InlineData("2.8GB", "has a unit that is not K, M, B or T")]
    [InlineData("2.8Bn", "has a unit that is not K, M, B or T")]
    [InlineData("2.8 billion", "has a unit that is not K, M, B or T")]
    public void Anything_else_is_refused_with_the_reason(string text, string reason)
    {
        Assert.False(ParameterCount.TryParse(text, out _, out string? problem));
        Assert.StartsWith(reason, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4327333333, "4.327B")]
    [InlineData(1e6, "1M")]
    [InlineData(999, "999")]
    [InlineData(2.5e13, "25T")]
    public void Written_short(double value, string text) => Assert.Equal(text, ParameterCount.Format(value));
}
