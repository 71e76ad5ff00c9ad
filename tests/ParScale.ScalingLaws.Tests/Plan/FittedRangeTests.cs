using ParScale.ScalingLaws.Plan;

namespace ParScale.ScalingLaws.Tests.Plan;

public class FittedRangeTests
{
    [Theory]
    [InlineData(535_813_376, 8, true)]
    [InlineData(4.353e9, 1, true)]
    [InlineData(5e9, 1, false)]
    [InlineData(1e9, 16, false)]
    [InlineData(0.3e9, 1, false)]
    public void Beyond_the_fit_is_said(double n, int streams, bool within) => Assert.Equal(within, FittedRange.Published.Holds(n, streams));
}
