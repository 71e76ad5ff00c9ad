using ParScale.Training.Reporting;

namespace ParScale.Training.Tests.Reporting;

public sealed class ProgressLineTests
{
    [Theory]
    [InlineData(2000, 10, 16, "ETA 0:03:19")]
    [InlineData(100_000_000_000, 1, 1e-3, "ETA 999999:59:59")]
    [InlineData(2000, 31, 0, "ETA ?")]
    public void The_time_left_is_shown_however_long(long steps, long step, double speed, string expected)
    {
        string shown = Captured(() => new ProgressLine(steps).Show(new LogRow(step, step * 16, 1, null, null, 1e-3, 1, speed * 10, 1)));
        Assert.Contains(expected, shown, StringComparison.Ordinal);
    }

    [Fact]
    public void The_share_of_the_peak_is_shown()
    {
        string shown = Captured(() => new ProgressLine(10).Show(new LogRow(1, 16, 1, null, null, 1e-3, 1, 160, 1, 0.314)));
        Assert.Contains("160 tokens/s (31 % of peak)", shown, StringComparison.Ordinal);
    }

    /// <summary>What an action writes to standard error.</summary>
    internal static string Captured(Action action)
    {
        var error = new StringWriter();
        TextWriter before = Console.Error;
        Console.SetError(error);
        try
        {
            action();
        }
        finally
        {
            Console.SetError(before);
        }
        return error.ToString();
    }
}
