using ParScale.Training.Data.Order;

namespace ParScale.Training.Tests.Data.Order;

public sealed class PermutationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(1000)]
    [InlineData(4097)]
    public void Every_number_comes_once(int count)
    {
        foreach (ulong key in (ulong[])[0, 1, ulong.MaxValue])
        {
            var order = new Permutation(count, key);
            Assert.Equal(Enumerable.Range(0, count).Select(i => (long)i), Enumerable.Range(0, count).Select(i => order.At(i)).Order());
        }
    }

    [Fact]
    public void Places_are_mixed_evenly()
    {
        // Mean distance of a random permutation is a third of its length; neighbours stay neighbours twice on average.
        const int Count = 10_000;
        foreach (ulong key in (ulong[])[0, 1, 2, 99])
        {
            var order = new Permutation(Count, key);
            long[] places = [.. Enumerable.Range(0, Count).Select(i => order.At(i))];
            Assert.InRange(places.Select((place, i) => Math.Abs(place - i)).Average(), Count / 3.0 * 0.96, Count / 3.0 * 1.04);
            Assert.InRange(places.Zip(places.Skip(1)).Count(pair => Math.Abs(pair.First - pair.Second) == 1), 0, 12);
        }
        Assert.NotEqual(new Permutation(Count, 1).At(0), new Permutation(Count, 2).At(0));
    }

    [Fact]
    public void Huge_counts_take_no_memory()
    {
        var order = new Permutation(1L << 40, 3);
        Assert.InRange(order.At((1L << 40) - 1), 0, (1L << 40) - 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => order.At(1L << 40));
        Assert.Throws<ArgumentOutOfRangeException>(() => order.At(-1));
    }
}
