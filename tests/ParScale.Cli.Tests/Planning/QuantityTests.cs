using ParScale.Cli.Planning;

namespace ParScale.Cli.Tests.Planning;

public class QuantityTests
{
    [Theory]
    [InlineData("8GB", 8e9)]
    [InlineData("8GiB", 8.0 * (1L << 30))]
    [InlineData("0.5 TB", 5e11)]
    [InlineData("512MiB", 512.0 * (1 << 20))]
    [InlineData("16kB", 16e3)]
    public void Bytes_are_read(string text, double bytes) => Assert.Equal(bytes, Quantity.Bytes.Read(text));

    [Theory]
    [InlineData("60ms", 0.06)]
    [InlineData("2s", 2)]
    [InlineData("1.5 min", 90)]
    public void Times_are_read(string text, double seconds) => Assert.Equal(seconds, Assert.IsType<double>(Quantity.Seconds.Read(text)), 1e-12);

    [Theory]
    [InlineData("2.8B", 2.8e9)]
    [InlineData("700M", 7e8)]
    public void Parameters_are_read(string text, double count) => Assert.Equal(count, Assert.IsType<double>(Quantity.Parameters.Read(text)), 1e-3);

    [Theory]
    [InlineData("8")]
    [InlineData("8gb")]
    [InlineData("8Gb")]
    [InlineData("8 GB ")]
    [InlineData("8  GB")]
    [InlineData("GB")]
    [InlineData("")]
    [InlineData("-8GB")]
    [InlineData("0GB")]
    [InlineData("8,5GB")]
    [InlineData("1e3GB")]
    [InlineData("NaNGB")]
    [InlineData("8ms")]
    [InlineData("8GB8")]
    [InlineData("٨GB")]
    public void Anything_else_is_refused(string text) => Assert.Null(Quantity.Bytes.Read(text));

    [Fact]
    public void Numbers_beyond_all_bounds_are_refused() => Assert.Null(Quantity.Bytes.Read(new string('9', 400) + "GB"));
}
