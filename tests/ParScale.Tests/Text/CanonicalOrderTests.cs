using System.Text;
using CsCheck;
using ParScale.Text;

namespace ParScale.Tests.Text;

public class CanonicalOrderTests
{
    private static readonly Gen<string> Marks = Gen.OneOf(
        "\u0301", "\u0323", "\u0334", "\u0345", "\u0344", "\u0F73", "\u3099", "\u093C", "\u093E", "\u20DD", "\u302E", "\U0001D165")
        .Array[60, 90].Select(marks => string.Concat(marks));

    [Fact]
    public void Sorted_runs_are_canonically_the_same() => Gen.Select(Marks, Marks).Sample((first, second) =>
    {
        string text = "e" + first + "o" + second + "\u00E9\u0323x";
        string sorted = CanonicalOrder.SortLongRuns(text);
        return sorted.Normalize(NormalizationForm.FormC) == text.Normalize(NormalizationForm.FormC);
    });

    [Fact]
    public void Short_runs_are_left_alone()
    {
        string text = "e" + new string('\u0301', 64) + "\U0001D400";
        Assert.Same(text, CanonicalOrder.SortLongRuns(text));
    }

    [Theory]
    [InlineData("e\u0301", "\u00E9")]
    [InlineData("a\uFFFEe\u0301\uFFFE\uFFFE", "a\uFFFE\u00E9\uFFFE\uFFFE")]
    [InlineData("plain", "plain")]
    public void Compose_gives_NFC_also_beside_the_noncharacter(string text, string expected) =>
        Assert.Equal(expected, TextCleaner.Compose(text));
}
