using System.Globalization;
using ParScale.ScalingLaws.Plan;

namespace ParScale.ScalingLaws.Tests.Plan;

public class FiguresTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(7.4321e9, "7.43 GB")]
    [InlineData(123.4e6, "123 MB")]
    [InlineData(4e15, "4000 TB")]
    public void Bytes_have_three_digits_and_a_unit(double bytes, string text) => Assert.Equal(text, Figures.Bytes(bytes));

    [Theory]
    [InlineData(0.0582, "58.2 ms")]
    [InlineData(0.000123, "0.123 ms")]
    [InlineData(12.34, "12.3 s")]
    public void Times_have_a_unit(double seconds, string text) => Assert.Equal(text, Figures.Seconds(seconds));

    [Theory]
    [InlineData(4.33e9, "4.33B")]
    [InlineData(536e6, "536M")]
    public void Parameters_have_a_unit(double count, string text) => Assert.Equal(text, Figures.Parameters(count));

    [Fact]
    public void No_culture_changes_them()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
            Assert.Equal("7.43 GB, 58.2 ms, 1.0383, 3,072", $"{Figures.Bytes(7.43e9)}, {Figures.Seconds(0.0582)}, {Figures.Loss(1.0383)}, {Figures.Count(3072)}");
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
