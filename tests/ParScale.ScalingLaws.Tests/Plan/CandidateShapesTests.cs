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
}
