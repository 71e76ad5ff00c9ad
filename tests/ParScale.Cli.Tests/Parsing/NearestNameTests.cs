using ParScale.Cli.Parsing;

namespace ParScale.Cli.Tests.Parsing;

public class NearestNameTests
{
    private static readonly string[] Known = ["--temp", "--top-k", "--top-p", "--tokens", "--json", "-p", "generate"];

    [Theory]
    [InlineData("--tmep", "--temp")]
    [InlineData("--TEMP", "--temp")]
    [InlineData("--tok", "--tokens")]
    [InlineData("--topk", "--top-k")]
    [InlineData("genarate", "generate")]
    [InlineData("--zzzz", null)]
    [InlineData("", null)]
    [InlineData("--", null)]
    public void Finds_what_was_meant(string typed, string? expected) => Assert.Equal(expected, NearestName.Find(typed, Known));
}
