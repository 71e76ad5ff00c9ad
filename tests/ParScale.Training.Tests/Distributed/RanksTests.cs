namespace ParScale.Training.Tests.Distributed;

/// <summary>Runs the tests of <see cref="InRanksTests"/> as several processes; elsewhere they run as one.</summary>
public sealed class RanksTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void All_hold_in_several_processes(int ranks)
    {
        (int exitCode, string output, string error) = Mpirun.Run(ranks, "ParScale.Training.Tests.dll", "-noColor", "-class", "*InRanksTests");
        Assert.True(exitCode == 0, output + error);
        Assert.Equal(ranks, output.Split("Failed: 0").Length - 1);
    }
}
