using ParScale.ScalingLaws.Cost;
using ParScale.ScalingLaws.Plan;

namespace ParScale.ScalingLaws.Tests.Plan;

public class PublishedCheckpointsTests
{
    [Fact]
    public void There_are_67_of_them()
    {
        string[] names = [.. PublishedShapes.All.SelectMany(shape => new[] { 1, 2, 4, 8 }.SelectMany(streams => PublishedCheckpoints.Names(shape, streams)))];
        Assert.Equal(67, names.Length);
        Assert.Equal(67, names.Distinct().Count());
    }

    [Fact]
    public void The_one_trained_longest_comes_first() =>
        Assert.Equal("ParScale/ParScale-1.8B-P4", PublishedCheckpoints.Names(PublishedShapes.All[3], 4)[0]);

    [Fact]
    public void Others_have_none()
    {
        Assert.Empty(PublishedCheckpoints.Names(PublishedShapes.All[3], 3));
        Assert.Empty(PublishedCheckpoints.Names(PublishedShapes.WithParameters(2e9), 1));
    }
}
