using System.Text.RegularExpressions;
using ParScale.Kernels.Formats;
using ParScale.ScalingLaws.Cost;
using ParScale.ScalingLaws.Plan;

namespace ParScale.ScalingLaws.Tests.Plan;

public class PublishedCheckpointsTests
{
    [Fact]
    public void There_are_67_of_them()
    {
        Assert.Equal(67, PublishedCheckpoints.All.Count);
        Assert.Equal(67, PublishedCheckpoints.All.DistinctBy(checkpoint => checkpoint.Name).Count());
        // The groups of the authors' list: 1T tokens, instruct, frozen, continued from Qwen, and the runs that the law was fitted to.
        string[] names = [.. PublishedCheckpoints.All.Select(checkpoint => checkpoint.Name)];
        Assert.Equal(4, names.Count(name => name.EndsWith("-Inst", StringComparison.Ordinal)));
        Assert.Equal(3, names.Count(name => name.StartsWith("ParScale/ParScale-Qwen-3B-P", StringComparison.Ordinal)));
        Assert.Equal(8, names.Count(name => name.StartsWith("ParScale/ParScale-QwenInit-3B-P", StringComparison.Ordinal)));
        Assert.Equal(48, names.Count(name => Regex.IsMatch(name, @"^ParScale/ParScale-[0-9.]+B-P[1248]-(Python|Pile)$")));
        Assert.Contains("ParScale/ParScale-1.8B-P1", names);
        Assert.Contains("ParScale/ParScale-4.7B-P8-Pile", names);
    }

    [Fact]
    public void Names_of_a_size_and_P_are_those_of_the_table()
    {
        string[] bySize = [.. PublishedShapes.All.SelectMany(shape => new[] { 1, 2, 4, 8 }.SelectMany(streams => PublishedCheckpoints.Names(shape, streams)))];
        Assert.Equal(PublishedCheckpoints.All.Select(checkpoint => checkpoint.Name), bySize);
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

    [Theory]
    [InlineData("ParScale/ParScale-0.7B-P2-Python", 2.70e9)]
    [InlineData("ParScale/ParScale-1.8B-P8", 7.32e9)]
    [InlineData("ParScale/ParScale-4.7B-P2-Pile", 19.0e9)]
    public void Downloads_have_the_sizes_that_the_hub_shows(string name, double bytes) =>
        Assert.Equal(bytes, PublishedCheckpoints.All.Single(checkpoint => checkpoint.Name == name).DownloadBytes, bytes * 0.005);

    [Fact]
    public void Memory_is_the_cost_models()
    {
        PublishedCheckpoint checkpoint = PublishedCheckpoints.All.Single(checkpoint => checkpoint.Name == "ParScale/ParScale-1.8B-P8");
        Device here = Devices.Unmeasured("here", 8e9);
        double expected = CostModel.Memory(new CostQuery
        {
            Shape = PublishedShapes.All[3],
            Streams = 8,
            Weights = WeightDtype.Q8,
            Cache = KvDtype.Bf16,
            Work = new Workload(1, 2047, 1),
            Device = here,
        }).Total;
        Assert.Equal(expected, checkpoint.MemoryBytes(WeightDtype.Q8, here, 2048));
        Assert.True(double.IsFinite(expected));
    }

    [Fact]
    public void The_frozen_sets_share_a_backbone()
    {
        int[] streams = [.. PublishedCheckpoints.SharingBackbone("ParScale/ParScale-Qwen-3B-P4-Python").Select(checkpoint => checkpoint.Streams)];
        Assert.Equal([2, 4, 8], streams);
        Assert.Empty(PublishedCheckpoints.SharingBackbone("ParScale/ParScale-QwenInit-3B-P4-Python"));
    }
}
