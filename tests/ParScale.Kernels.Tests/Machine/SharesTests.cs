using ParScale.Kernels.Machine;

namespace ParScale.Kernels.Tests.Machine;

public class SharesTests
{
    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(100, 3, 2, 2)]
    [InlineData(100, 3, 4, 4)]
    [InlineData(7, 3, 8, 3)]
    [InlineData(1000, 12, 5, 2)]
    public void Whoever_takes_gets_every_item_once_from_starts_that_are_multiples_of_the_grain(int count, int grain, int threads, int wanted)
    {
        foreach (int taker in new[] { 0, threads - 1 })
        {
            var shares = new Shares(threads);
            shares.Split(count, grain, wanted);
            var times = new int[count];
            while (shares.TryTake(taker, out int start, out int end))
            {
                Assert.Equal(0, start % grain);
                Assert.True(start < end);
                for (int i = start; i < end; i++) times[i]++;
            }
            Assert.All(times, time => Assert.Equal(1, time));
        }
    }

    [Fact]
    public void A_thread_takes_its_own_stretch_in_order_before_it_steals()
    {
        var shares = new Shares(2);
        shares.Split(200, 1, 2);
        for (int next = 100; next < 200;)
        {
            Assert.True(shares.TryTake(1, out int start, out int end));
            Assert.Equal(next, start);
            next = end;
        }
        Assert.True(shares.TryTake(1, out int stolen, out _));
        Assert.Equal(50, stolen);
    }

    [Fact]
    public void What_was_stolen_can_be_stolen_back()
    {
        var shares = new Shares(2);
        shares.Split(400, 1, 2);
        var seen = new List<int>();
        while (shares.TryTake(seen.Count % 2, out int start, out int end)) seen.AddRange(Enumerable.Range(start, end - start));
        while (shares.TryTake(1, out int start, out int end)) seen.AddRange(Enumerable.Range(start, end - start));
        seen.Sort();
        Assert.Equal(Enumerable.Range(0, 400), seen);
    }

    [Fact]
    public void Many_threads_at_once_lose_nothing()
    {
        const int threads = 4, count = 5000;
        var shares = new Shares(threads);
        for (int round = 0; round < 50; round++)
        {
            shares.Split(count, 2, threads);
            var times = new int[count];
            Parallel.For(0, threads, thread =>
            {
                while (shares.TryTake(thread, out int start, out int end))
                    for (int i = start; i < end; i++) Interlocked.Increment(ref times[i]);
            });
            Assert.All(times, time => Assert.Equal(1, time));
        }
    }
}
