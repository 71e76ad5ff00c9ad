using ParScale.Training.Optimization;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Optimization;

public sealed class StreamDroppingTests
{
    [Theory]
    [InlineData(4, 0.25)]
    [InlineData(2, 0.9)]
    public void Streams_are_left_out_as_often_as_asked_and_one_stays(int streams, double probability)
    {
        const int Steps = 400, Rows = 10;
        using var scope = NewDisposeScope();
        var dropping = new StreamDropping(streams, probability, seed: 3);
        Tensor present = cat([.. Enumerable.Range(0, Steps).Select(step => dropping.Present(step, 0, Rows))], 1);
        Assert.Equal(1, present.sum(dim: 0).min().item<float>());
        // A stream stays by itself, or as the one that stays of a row which lost all.
        double kept = 1 - probability + Math.Pow(probability, streams) / streams;
        double[] shares = [.. present.mean([1]).flatten().to(ScalarType.Float64).data<double>()];
        double deviation = Math.Sqrt(kept * (1 - kept) / (Steps * Rows));
        Assert.All(shares, share => Assert.InRange(share, kept - 4 * deviation, kept + 4 * deviation));
    }

    [Fact]
    public void A_row_has_the_same_streams_in_whatever_part_it_comes()
    {
        using var scope = NewDisposeScope();
        var dropping = new StreamDropping(4, 0.5, seed: 8);
        Tensor whole = dropping.Present(7, 0, 6), parts = cat([dropping.Present(7, 0, 2), dropping.Present(7, 2, 4)], 1);
        Assert.True(whole.equal(parts).all().item<bool>());
        Assert.False(whole.equal(dropping.Present(8, 0, 6)).all().item<bool>());
        Assert.False(whole.equal(new StreamDropping(4, 0.5, seed: 9).Present(7, 0, 6)).all().item<bool>());
    }
}
