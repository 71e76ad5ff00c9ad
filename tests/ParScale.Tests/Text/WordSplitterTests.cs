using ParScale.Text.PreTokenizers;

namespace ParScale.Tests.Text;

public class WordSplitterTests
{
    // Each word was derived by hand from the expression; | separates them.
    [Theory]
    [InlineData("Hello world", "Hello| world")]
    [InlineData("Hello,world", "Hello|,world")]
    [InlineData("a  b", "a| | b")]
    [InlineData("a   ", "a|   ")]
    [InlineData("a \n b", "a| \n| b")]
    [InlineData("a\n\n  b", "a|\n\n| | b")]
    [InlineData("a \r\n \t", "a| \r\n| \t")]
    [InlineData("\tb", "\tb")]
    [InlineData("\nb", "\n|b")]
    [InlineData("x=1;\n\ny", "x|=|1|;\n\n|y")]
    [InlineData("12a", "1|2|a")]
    [InlineData(" 1", " |1")]
    [InlineData("it's I'LL we'Ve y'all", "it|'s| I|'LL| we|'Ve| y|'all")]
    [InlineData("it'ſ", "it|'ſ")]
    [InlineData("'sx 'x 's", "'s|x| '|x| '|s")]
    [InlineData("'r 'lx", "'r| '|lx")]
    [InlineData("!!! ...", "!!!| ...")]
    [InlineData("  !", " | !")]
    [InlineData("\u00A0!", "\u00A0|!")]
    [InlineData("\u00A0b\u2003", "\u00A0b|\u2003")]
    [InlineData("\u200Bb", "\u200Bb")]
    [InlineData("e\u0301e", "e|\u0301e")]
    [InlineData("!\u0301!", "!\u0301!")]
    [InlineData("a𝐀𠀀𞤀b", "a𝐀𠀀𞤀b")]
    [InlineData("𝟏𝟐", "𝟏|𝟐")]
    [InlineData("🚀a", "🚀a")]
    [InlineData(" 🚀🚀a", " 🚀🚀|a")]
    [InlineData("½Ⅳ①", "½|Ⅳ|①")]
    [InlineData("\0\0a", "\0\0|a")]
    public void Qwen2_words(string text, string words) => Assert.Equal(words, Split(text, WordRule.Qwen2));

    [Theory]
    [InlineData("Hello world", "Hello| world")]
    [InlineData("Hello,world", "Hello|,|world")]
    [InlineData("a  b", "a| | b")]
    [InlineData("a \n b", "a| \n| b")]
    [InlineData("a\n\nb", "a|\n|\n|b")]
    [InlineData("123 45x", "123| 45|x")]
    [InlineData("it's I'LL it'ſ", "it|'s| I|'|LL| it|'|ſ")]
    [InlineData("'re've'm'll'd't", "'re|'ve|'m|'ll|'d|'t")]
    [InlineData(";\n", ";|\n")]
    [InlineData("a ", "a| ")]
    [InlineData(" \u00A0a", " |\u00A0|a")]
    [InlineData(" 𝟏𝟐𝐀𠀀 🚀", " 𝟏𝟐|𝐀𠀀| 🚀")]
    public void Gpt2_words(string text, string words) => Assert.Equal(words, Split(text, WordRule.Gpt2));

    internal static string Split(string text, WordRule rule)
    {
        var words = new List<string>();
        for (int start = 0; start < text.Length;)
        {
            int length = WordSplitter.NextWord(text, start, rule);
            words.Add(text.Substring(start, length));
            start += length;
        }
        return string.Join('|', words);
    }
}
