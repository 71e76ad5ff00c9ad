using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using ParScale.Text.PreTokenizers;

namespace ParScale.Tests.Text;

/// <summary>The rules that are written out as code cut every text as the expressions do that they stand for.</summary>
public class WordRuleTests
{
    private const int Texts = 10_000;

    private static readonly Gen<string> AnyText = Gen.OneOf(
        Gen.OneOf(
            " ", "  ", "\r", "\n", "\t", "\u00A0", "'", "'s", "'S", "'ſ", "'ll", "'Re", "'l", "A", "Ab", "aB", "b", "ǅ", "ʰ", "中", "\u0301",
            "\u0903", "\U0001D400", "\U0001D41A", "\U0001E944", "1", "23", "4567", "½", "٣", "\U0001D7CE", "!", "/", "//", "_", "\u200D", "🚀", "\0", "K"),
        Gen.Int[0, 0x10FFFF].Where(value => value is < 0xD800 or > 0xDFFF).Select(char.ConvertFromUtf32),
        TokenizerTests.AnyText).Array[0, 24].Select(parts => string.Concat(parts));

    private static readonly string[] StandIns = [.. Enum.GetValues<UnicodeCategory>().Select(FirstOf)];

    /// <summary>The expressions that have rules.</summary>
    public static TheoryData<string> Patterns() => [.. WordRule.Patterns];

    [Theory]
    [MemberData(nameof(Patterns))]
    public void A_rule_cuts_as_its_expression_does_when_it_is_run(string pattern) => AnyText.Sample(
        text => Assert.Equal(SplitPatternTests.Cut(pattern, text), WordSplitterTests.Split(text, WordRule.Of(pattern)!)), iter: Texts);

    [Theory]
    [MemberData(nameof(Patterns))]
    public void A_rule_cuts_as_the_platform_s_expressions_do(string pattern)
    {
        var expression = new Regex(ForThisPlatform(pattern), RegexOptions.CultureInvariant);
        AnyText.Select(InBasicPlane).Sample(
            text => Assert.Equal(string.Join('|', expression.Matches(text)), WordSplitterTests.Split(text, WordRule.Of(pattern)!)), iter: Texts);
    }

    [Fact]
    public void A_rule_holds_for_one_text_of_an_expression_alone()
    {
        Assert.NotNull(WordRule.Of(WordRule.Llama3Pattern));
        Assert.Null(WordRule.Of(WordRule.Llama3Pattern + " "));
        Assert.Null(WordRule.Of(WordRule.Llama3Pattern.Replace("{1,3}", "{1,4}", StringComparison.Ordinal)));
    }

    // The platform's expressions see UTF-16 units, know no possessive ?+ and ++, and do not fold the long s.
    private static string ForThisPlatform(string pattern) => pattern
        .Replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)", "(?:'[sSſ]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])", StringComparison.Ordinal)
        .Replace("(?i:[sdmt]|ll|ve|re)", "(?:[sSſdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])", StringComparison.Ordinal)
        .Replace(@"[^\r\n\p{L}\p{N}]?+", @"(?>[^\r\n\p{L}\p{N}]?)", StringComparison.Ordinal)
        .Replace(@"[^\s\p{L}\p{N}]++", @"(?>[^\s\p{L}\p{N}]+)", StringComparison.Ordinal);

    // Each character outside the basic plane becomes one inside it of the same category.
    private static string InBasicPlane(string text) => string.Concat(
        text.EnumerateRunes().Select(rune => rune.IsBmp ? rune.ToString() : StandIns[(int)Rune.GetUnicodeCategory(rune)]));

    private static string FirstOf(UnicodeCategory category) =>
        Enumerable.Range(0x80, 0xFF00).Select(value => (char)value).First(c => char.GetUnicodeCategory(c) == category).ToString();
}
