using ParScale.Text.PreTokenizers;

namespace ParScale.Tests.Text;

/// <summary>Expressions of tokenizer files. What they mean was checked against the reference engine; see PipelineVectorTests.</summary>
public class SplitPatternTests
{
    [Theory]
    [InlineData("a|ab", "abab", "a|-b|a|-b")]
    [InlineData("ab|a", "abaab", "ab|a|ab")]
    [InlineData("a+?", "aaa", "a|a|a")]
    [InlineData("a+?b", "aaab", "aaab")]
    [InlineData("a{2}", "aaaaa", "aa|aa|-a")]
    [InlineData("a{1,3}", "aaaaa", "aaa|aa")]
    [InlineData("a{2,}b", "abaaab", "-ab|aaab")]
    [InlineData("(?:ab)+", "ababa", "abab|-a")]
    [InlineData("(a|b)*c", "abac!", "abac|-!")]
    [InlineData("a*+a|b", "aab", "-aa|b")]
    [InlineData("[^a-c]", "abd🚀", "-ab|d|🚀")]
    [InlineData("[a\\-z]", "a-mz", "a|-|-m|z")]
    [InlineData("[a-]", "a-b", "a|-|-b")]
    [InlineData("[x[0-9]]+", "x12y", "x12|-y")]
    [InlineData("\\p{Lu}\\p{Ll}*", "AbcD", "Abc|D")]
    [InlineData("\\P{L}+", "a12b", "-a|12|-b")]
    [InlineData("\\p{^L}+", "a12b", "-a|12|-b")]
    [InlineData("\\s+(?!\\S)", "a  b  ", "-a| |- b|  ")]
    [InlineData("x(?=y)", "xyx", "x|-yx")]
    [InlineData("(?i:re)", "RErEx", "RE|rE|-x")]
    [InlineData("(?i:s)", "S\u017F\u212A", "S|\u017F|-\u212A")]
    [InlineData("'(?i:[sk])", "'K'\u212A's", "'K|'\u212A|'s")]
    [InlineData("𝐀+", "𝐀𝐀𝐁", "𝐀𝐀|-𝐁")]
    [InlineData("\\p{Han}+", "a中文,字\u3007𠀀b", "-a|中文|-,|字\u3007𠀀|-b")]
    [InlineData("[\\p{L}&&[^\\p{Han}]]+", "ab中cあ", "ab|-中|cあ")]
    [InlineData("[a-z&&[b-y]&&[^m]]+", "abmyz", "-a|b|-m|y|-z")]
    [InlineData("[^a-c&&b-d]", "abcd", "a|-bc|d")]
    public void Matches_stand_as_a_backtracking_engine_finds_them(string pattern, string text, string expected) =>
        Assert.Equal(expected, Cut(pattern, text));

    [Theory]
    [InlineData("")]
    [InlineData("a*")]
    [InlineData("a|")]
    [InlineData("(a*)*b")]
    [InlineData("(a|b)++")]
    [InlineData("(a+)+$")]
    [InlineData("^a")]
    [InlineData(".")]
    [InlineData("\\w+")]
    [InlineData("\\d")]
    [InlineData("\\bx")]
    [InlineData("(a)\\1")]
    [InlineData("(?<n>a)")]
    [InlineData("(?<=a)b")]
    [InlineData("(?>a)")]
    [InlineData("(?i)a")]
    [InlineData("(?=ab)a")]
    [InlineData("(?i:ss)")]
    [InlineData("(?i:\\p{Lu})")]
    [InlineData("[a-\\s]")]
    [InlineData("[z-a]")]
    [InlineData("[[:alpha:]]")]
    [InlineData("[]a]")]
    [InlineData("[a")]
    [InlineData("(a")]
    [InlineData("a)")]
    [InlineData("a{2")]
    [InlineData("a{3,2}")]
    [InlineData("a{1000}")]
    [InlineData("((a{90}){90}){90}")]
    [InlineData("\\p{Hiragana}")]
    [InlineData("[a&&]")]
    [InlineData("[&&a]")]
    [InlineData("\\p{L")]
    [InlineData("\\")]
    public void TK07_what_is_not_understood_is_refused(string pattern) => Assert.Throws<FormatException>(() => SplitPattern.Parse(pattern));

    [Fact]
    public void TK07_deep_nesting_is_refused() => Assert.Throws<FormatException>(() =>
        SplitPattern.Parse(string.Concat(Enumerable.Repeat("(", 2000)) + "a" + string.Concat(Enumerable.Repeat(")", 2000))));

    // Each of these fails late and again at every next place, if what failed is not remembered.
    [Theory]
    [InlineData("a*b|a")]
    [InlineData("(?:a|aa)+b|a")]
    [InlineData("(?:a*a)+?b|aa?")]
    public void TK10_matching_takes_time_linear_in_the_text(string pattern)
    {
        const int Length = 200_000;
        SplitPattern parsed = SplitPattern.Parse(pattern);
        var failures = new PatternFailures(parsed.Branches);
        string text = new('a', Length);
        int matches = 0;
        for (int at = 0; at < text.Length; matches++) at = parsed.Match(text, at, failures);
        Assert.InRange(matches, Length / 2, Length);
    }

    // Matches with | between them; what lies between two matches has a - before it.
    internal static string Cut(string pattern, string text)
    {
        SplitPattern parsed = SplitPattern.Parse(pattern);
        var failures = new PatternFailures(parsed.Branches);
        var pieces = new List<string>();
        string between = "";
        for (int at = 0; at <= text.Length;)
        {
            int end = at < text.Length ? parsed.Match(text, at, failures) : at;
            if (end >= 0)
            {
                if (between.Length > 0) pieces.Add("-" + between);
                if (end > at) pieces.Add(text[at..end]);
                between = "";
                at = Math.Max(end, at < text.Length ? 0 : at + 1);
                continue;
            }
            int length = char.IsHighSurrogate(text[at]) ? 2 : 1;
            between += text.Substring(at, length);
            at += length;
        }
        return string.Join('|', pieces);
    }
}
