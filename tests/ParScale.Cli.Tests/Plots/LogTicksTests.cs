using System.Globalization;
using ParScale.Cli.Plots;

namespace ParScale.Cli.Tests.Plots;

public class LogTicksTests
{
    [Theory]
    [InlineData(1.2, 4.5, "1.5 2 3 4")]
    [InlineData(0.9, 11, "1 2 3 5 7 10")]
    [InlineData(0.9, 1100, "1 3 10 30 100 300 1000")]
    [InlineData(0.9, 1.1e6, "1 10 100 1000 10000 100000 1000000")]
    [InlineData(1e-20, 1e20, "")]
    public void As_many_round_numbers_as_have_room(double least, double most, string expected) =>
        Assert.Equal(expected, string.Join(' ', LogTicks.Numbers(least, most).Select(number => Math.Round(number, 6).ToString(CultureInfo.InvariantCulture))));
}
