using ParScale.Training.Distributed;

namespace ParScale.Training.Tests.Distributed;

public sealed class MpiLaunchTests
{
    [Theory]
    [InlineData(2, 2, 2, false, 1)]
    [InlineData(64, 64, 4, false, 16)]
    [InlineData(2, 2, 3, false, 1)]
    [InlineData(1, 64, 2, true, 1)]
    [InlineData(32, 64, 4, true, 16)]
    [InlineData(16, 64, 4, true, 16)]
    public void Ranks_share_the_cores_of_their_machine(int allowed, int ofMachine, int localRanks, bool bound, int threads) =>
        Assert.Equal(threads, MpiLaunch.Threads(allowed, ofMachine, localRanks, bound));
}
