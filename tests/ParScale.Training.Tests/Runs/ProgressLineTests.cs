using ParScale.Training.Runs;

namespace ParScale.Training.Tests.Runs;

public sealed class ProgressLineTests
{
    [Theory]
    [InlineData(2000, 10, 16, "ETA 0:03:19")]
    [InlineData(100_000_000_000, 1, 0, "ETA 999999:59:59")]
    public void The_time_left_is_shown_however_long(long steps, long step, double speed, string expected)
    {
        var error = new StringWriter();
        TextWriter before = Console.Error;
        Console.SetError(error);
        try
        {
            new ProgressLine(steps).Show(new LogRow(step, step * 16, 1, null, null, 1e-3, 1, speed * 10, 1));
        }
        finally
        {
            Console.SetError(before);
        }
        Assert.Contains(expected, error.ToString(), StringComparison.Ordinal);
    }
}
