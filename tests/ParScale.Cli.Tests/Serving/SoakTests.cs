using ParScale.Cli.Tests.Support;
using ParScale.LoadTest;

namespace ParScale.Cli.Tests.Serving;

public class SoakTests
{
    // The long run is a program of its own: benchmarks/ParScale.LoadTest, soak.
    [Fact]
    public async Task Many_clients_at_once_get_what_each_would_get_alone()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs kill");
        SoakResult result = await Soak.Run(ToolProcess.Executable, EmbeddedModel.Folder(), clients: 200, requests: 60, TimeSpan.FromSeconds(6));
        Assert.Empty(result.Wrong);
        Assert.Empty(result.Errors);
        Assert.Equal((0, 0), (result.LeftBehind, result.ExitCode));
        Assert.True(result is { Whole: > 100, Cut: > 10, TurnedAway: > 0 }, $"{result.Whole} whole, {result.Cut} left, {result.TurnedAway} turned away");
    }
}
