using ParScale.ScalingLaws.Cost;
using ParScale.ScalingLaws.Plan;

namespace ParScale.ScalingLaws.Tests.Plan;

public class CandidateShapesTests
{
    [Fact]
    public void Published_sizes_are_among_them_and_none_twice()
    {
        double[] sizes = [.. CandidateShapes.All.Select(shape => shape.NonEmbeddingParameters(1))];
        Assert.All(PublishedShapes.All, shape => Assert.Contains(shape, CandidateShapes.All));
        Assert.Equal(sizes.Length, CandidateShapes.All.Select(shape => shape.Name).Distinct().Count());
        Assert.All(sizes.Zip(sizes.Skip(1)), pair => Assert.InRange(pair.Second / pair.First, 1.05, 1.5));
    }

    [Theory]
    [InlineData(1e9, 8, false)]
    [InlineData(4.353e9, 1, false)]
    [InlineData(5e9, 1, true)]
    [InlineData(1e9, 16, true)]
    [InlineData(0.3e9, 1, true)]
    public void Beyond_the_fit_is_said(double n, int streams, bool extrapolated) => Assert.Equal(extrapolated, CandidateShapes.IsExtrapolated(n, streams));
}
