using ParScale.Benchmarking;

namespace ParScale.Tests.Benchmarking;

public class SpreadTests
{
    [Fact]
    public void Sums_up()
    {
        Spread spread = Spread.Of([4, 1, 3, 2]);
        Assert.Equal((2.5, 2.5, 1, 4, 4), (spread.Mean, spread.Median, spread.Least, spread.Most, spread.Count));
        Assert.Equal(Math.Sqrt(5.0 / 3), spread.Deviation, 1e-12);
        Assert.Equal(new Spread(7, 0, 7, 7, 7, 1), Spread.Of([7]));
        Assert.Equal(2, Spread.Of([9, 2, 1]).Median);
    }
}
