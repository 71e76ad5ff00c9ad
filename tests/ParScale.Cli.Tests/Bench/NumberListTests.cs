using ParScale.Cli.Bench;

namespace ParScale.Cli.Tests.Bench;

public class NumberListTests
{
    [Theory]
    [InlineData("1", new[] { 1 })]
    [InlineData("1,2,4", new[] { 1, 2, 4 })]
    [InlineData("8,1,8", new[] { 8, 1 })]
    [InlineData("1-4", new[] { 1, 2, 3, 4 })]
    [InlineData("1-16*2", new[] { 1, 2, 4, 8, 16 })]
    [InlineData("16-40+8,64", new[] { 16, 24, 32, 40, 64 })]
    [InlineData("5-5", new[] { 5 })]
    public void Lists_and_ranges(string text, int[] expected) => Assert.Equal(expected, NumberList.Read(text, 1, 64));

    [Theory]
    [InlineData("")]
    [InlineData(",")]
    [InlineData("1,")]
    [InlineData("0")]
    [InlineData("65")]
    [InlineData("4-1")]
    [InlineData("1-99999999999")]
    [InlineData("1-4*1")]
    [InlineData("1-4+0")]
    [InlineData("1+1")]
    [InlineData("1*2-3")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("1 2")]
    [InlineData("x")]
    public void Anything_else_is_refused(string text) => Assert.Null(NumberList.Read(text, 1, 64));

    [Fact]
    public void Endless_lists_are_refused()
    {
        Assert.Null(NumberList.Read("1-2147483647", 1, int.MaxValue));
        Assert.Null(NumberList.Read("0-8*2", 0, 8));
        Assert.Equal(1 << 30, Assert.Single(NumberList.Read("1073741824-2147483647*2", 1, int.MaxValue) ?? []));
    }
}
