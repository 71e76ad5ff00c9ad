using ParScale.Cli.Downloads;
using ParScale.Hub;
using ParScale.ScalingLaws.Plan;

namespace ParScale.Cli.Tests.Downloads;

public class DownloadProgressTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.00 kB")]
    [InlineData(9_994_999, "9.99 MB")]
    [InlineData(9_995_000, "10.0 MB")]
    [InlineData(999_499_999, "999 MB")]
    [InlineData(999_500_000, "1.00 GB")]
    [InlineData(3_750_000_000, "3.75 GB")]
    public void Bytes_have_three_digits(long bytes, string expected) => Assert.Equal(expected, Figures.Bytes(bytes));

    [Fact]
    public void The_line_tells_share_size_speed_and_time_left()
    {
        ModelName name = ModelName.Parse("acme/tiny");
        Assert.Equal("acme/tiny [############............] 50 % of 2.00 GB, 10.0 MB/s, 1:40 left",
            DownloadProgress.Text(name, new HubProgress(1_000_000_000, 2_000_000_000, 1, 3, 10_000_000)));
        Assert.Equal("acme/tiny [........................] 0 % of 2.00 GB, 0 B/s, another process is fetching it",
            DownloadProgress.Text(name, new HubProgress(0, 2_000_000_000, 0, 3, 0) { Waiting = true }));
        Assert.Contains(", 2:46:40 left", DownloadProgress.Text(name, new HubProgress(0, 1_000_000_000, 0, 1, 100_000)), StringComparison.Ordinal);
    }
}
