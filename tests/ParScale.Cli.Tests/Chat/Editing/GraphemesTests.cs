using ParScale.Cli.Chat.Editing;

namespace ParScale.Cli.Tests.Chat.Editing;

/// <summary>Characters as a reader counts them, and the columns they take.</summary>
public class GraphemesTests
{
    [Theory]
    [InlineData("a", 1)]
    [InlineData("e\u0301", 1)]
    [InlineData("\u0301", 0)]
    [InlineData("日", 2)]
    [InlineData("한", 2)]
    [InlineData("Ａ", 2)]
    [InlineData("😀", 2)]
    [InlineData("❤", 1)]
    [InlineData("❤\uFE0F", 2)]
    [InlineData("\U0001F1E9\U0001F1EA", 2)]
    [InlineData("\U0001F468\u200D\U0001F469\u200D\U0001F467", 2)]
    [InlineData("\u200B", 0)]
    [InlineData("ا", 1)]
    [InlineData("─", 1)]
    public void Widths(string text, int width)
    {
        Assert.Equal(text.Length, Graphemes.Next(text, 0));
        Assert.Equal(width, Graphemes.Width(text));
    }

    [Fact]
    public void Boundaries_stand_around_whole_characters()
    {
        const string text = "e\u0301😀日";
        Assert.Equal([2, 4, 5, 5], [Graphemes.Next(text, 0), Graphemes.Next(text, 2), Graphemes.Next(text, 4), Graphemes.Next(text, 5)]);
        Assert.Equal([0, 0, 2, 4], [Graphemes.Previous(text, 0), Graphemes.Previous(text, 2), Graphemes.Previous(text, 4), Graphemes.Previous(text, 5)]);
        Assert.Equal([0, 2, 2, 4, 4, 5], [.. Enumerable.Range(0, 6).Select(at => Graphemes.Snap(text, at))]);
    }
}
