using CsCheck;
using ParScale.Cli.Chat;

namespace ParScale.Cli.Tests.Chat;

/// <summary>Thinking is told from answers, wherever the pieces end.</summary>
public class ThinkingTextTests
{
    [Theory]
    [InlineData("<think>hm</think>yes", "[<think>hm</think>]yes", false)]
    [InlineData("\n<think>\nhm", "[\n<think>\nhm]", false)]
    [InlineData("hm</think>yes</think>", "[hm</think>]yes</think>", true)]
    [InlineData("plain <think>x</think>", "plain <think>x</think>", false)]
    [InlineData("<thin", "<thin", false)]
    [InlineData("<thing>", "<thing>", false)]
    [InlineData("  ", "  ", false)]
    [InlineData("<think>a</thinker></think>b<think>c", "[<think>a</thinker></think>]b<think>c", false)]
    public void However_the_text_is_cut(string text, string expected, bool begun) => Gen.Int[1, 6].Sample(size =>
    {
        var shown = new List<(string Text, bool Thinking)>();
        var splitter = new ThinkingText((piece, thinking) => shown.Add((piece, thinking)), begun);
        foreach (char[] piece in text.Chunk(size)) splitter.Append(new string(piece));
        splitter.Flush();
        string thought = string.Concat(shown.Where(piece => piece.Thinking).Select(piece => piece.Text));
        string answer = string.Concat(shown.Where(piece => !piece.Thinking).Select(piece => piece.Text));
        Assert.Equal(expected, (thought.Length > 0 ? $"[{thought}]" : "") + answer);
    }, iter: 30);

    [Fact]
    public void An_answer_is_not_held_back()
    {
        var shown = new List<string>();
        var splitter = new ThinkingText((piece, _) => shown.Add(piece), thinking: false);
        splitter.Append("A");
        splitter.Append(" <");
        Assert.Equal(["A", " <"], shown);
    }
}
