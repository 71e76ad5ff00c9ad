using System.Text.RegularExpressions;
using ParScale.Cli.Tests.Support;

namespace ParScale.Cli.Tests.Chat;

/// <summary>A chat at a keyboard and a screen, key by key.</summary>
public sealed partial class ChatAtTheKeyboardTests(ChatModel model) : IDisposable
{
    private const string CtrlC = "\u0003", CtrlD = "\u0004", Up = "\u001b[A", Left = "\u001b[D";
    private readonly TempFolder _state = new();

    public void Dispose() => _state.Dispose();

    [Theory]
    [InlineData("/exit\r", 0)]
    [InlineData("hello\r/quit\r", 0)]
    [InlineData(CtrlD, 0)]
    [InlineData("", 0)]
    [InlineData(CtrlC + CtrlD, 0)]
    [InlineData(CtrlC + CtrlC, 130)]
    [InlineData("typed" + CtrlC + CtrlC, 130)]
    [InlineData(CtrlC + "/help\r" + CtrlC + CtrlD, 0)]
    public void It_ends_as_asked(string keys, int exit) => Assert.Equal(exit, Type(keys).Exit);

    [Fact]
    public void Answers_figures_and_commands_are_shown_with_colours_and_without()
    {
        foreach (bool colours in (bool[])[true, false])
        {
            Outcome run = Tool.Type("hello\r/help\r/stats\r/streams\r/nonsense\rmore\r/exit\r", colours, null, Args());
            string shown = Escape().Replace(run.Out + run.Error, "");
            foreach (string part in (string[])["/help lists", "tokens/s", "/retry", "stream 1", "in use", "error CL-01", " cached, in"])
                Assert.Contains(part, shown, StringComparison.Ordinal);
            Assert.Equal(colours, Colour().IsMatch(run.Out));
            Assert.Equal(0, run.Exit);
        }
    }

    [Fact]
    public void Quiet_leaves_the_answers_and_what_is_asked_for()
    {
        Outcome run = Tool.Type("hello\r/exit\r", colours: true, null, [.. Args(), "-q"]);
        Assert.DoesNotContain("tokens/s", run.Out + run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("/help lists", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_typed_is_edited_and_comes_back_from_the_history()
    {
        Type($"helo{Left}l\r");
        Assert.Equal("\"hello\"\n", File.ReadAllText(_state.File("chat-history.jsonl")));
        Assert.Contains("hello there", Type($"{Up} there\r").Out, StringComparison.Ordinal);
        Assert.Equal(2, File.ReadLines(_state.File("chat-history.jsonl")).Count());
        Tool.Type("secret\r", colours: false, _state.Path, [.. Args(), "--no-history"]);
        Assert.Equal(2, File.ReadLines(_state.File("chat-history.jsonl")).Count());
    }

    [Fact]
    public void A_paste_of_several_lines_is_one_message()
    {
        string file = _state.File("saved.json");
        Type($"\u001b[200~one\rtwo 日本\u001b[201~\r/save {file}\r");
        Assert.Contains("one\\ntwo 日本", File.ReadAllText(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_of_the_model_cannot_steer_the_screen()
    {
        Outcome run = Tool.Type("hello\r/exit\r", colours: true, null, "chat", "-m", model.Chat, "-n", "300", "--temp", "5", "-s", "1", "--ignore-eos");
        Assert.DoesNotMatch(Unknown(), Known().Replace(run.Out, ""));
    }

    private Outcome Type(string keys) => Tool.Type(keys, colours: true, _state.Path, Args());

    private string[] Args() => ["chat", "-m", model.Chat, "-n", "6", "--temp", "0", "--ignore-eos"];

    [GeneratedRegex("\u001b\\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Escape();

    [GeneratedRegex("\u001b\\[[0-9;]+m")]
    private static partial Regex Colour();

    // What the editor and the view write themselves.
    [GeneratedRegex("\u001b\\[([0-9;]*m|[0-9]*[ACJK]|\\?2004[hl])|\r")]
    private static partial Regex Known();

    [GeneratedRegex("[\u0000-\u0008\u000b-\u001f\u007f-\u009f]")]
    private static partial Regex Unknown();
}
