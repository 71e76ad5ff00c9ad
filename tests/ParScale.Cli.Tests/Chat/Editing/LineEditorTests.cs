using System.Globalization;
using System.Text.RegularExpressions;
using CsCheck;
using ParScale.Cli.Chat.Editing;

namespace ParScale.Cli.Tests.Chat.Editing;

/// <summary>The text that is being typed, against a model of it in a few lines for each key.</summary>
public partial class LineEditorTests
{
    private const string Family = "\U0001F468\u200D\U0001F469\u200D\U0001F467";
    private static readonly string[] History = ["first", "two\nlines", "日本 and 😀"];
    private static readonly string[] Pieces = ["a", "word", " ", "  ", "é", "\u0301", "日", "😀", Family, "\U0001F1E9", "\n", "\t", "one two\nthree", "\\"];

    private static readonly Gen<EditKey> Typed = Gen.OneOf<string>(Pieces).Select(text => new EditKey(EditAction.Insert, text));
    private static readonly Gen<EditKey> Pressed =
        Gen.Enum<EditAction>().Where(action => action != EditAction.Insert).Select(action => new EditKey(action));

    private static readonly Gen<EditKey> AnyKey = Gen.OneOf(Typed, Pressed);

    [Fact]
    public void Any_keys_do_what_the_model_does() => AnyKey.Array[0, 60].Sample(keys =>
    {
        var editor = new LineEditor(History);
        var model = new Model();
        foreach (EditKey key in keys)
        {
            (EditState state, EditState expected) = (editor.Apply(key), model.Apply(key));
            Assert.Equal((expected, model.Text, model.Cursor), (state, editor.Text, editor.Cursor));
            Assert.Contains(editor.Cursor, Model.Boundaries(editor.Text));
            if (state != EditState.Editing) return;
        }
    }, iter: 3000);

    [Theory]
    [InlineData("abc", nameof(EditAction.Left), nameof(EditAction.Backspace), "ac", 1)]
    [InlineData("日本語", nameof(EditAction.Left), nameof(EditAction.Delete), "日本", 2)]
    [InlineData("x" + Family, nameof(EditAction.Left), nameof(EditAction.Delete), "x", 1)]
    [InlineData("xe\u0301", nameof(EditAction.Backspace), nameof(EditAction.Left), "x", 0)]
    [InlineData("one two", nameof(EditAction.KillWord), nameof(EditAction.Yank), "one two", 7)]
    [InlineData("one two", nameof(EditAction.WordLeft), nameof(EditAction.KillToStart), "two", 0)]
    [InlineData("one two", nameof(EditAction.WordLeft), nameof(EditAction.KillToEnd), "one ", 4)]
    [InlineData("one two", nameof(EditAction.Home), nameof(EditAction.WordRight), "one two", 3)]
    [InlineData("end\\", nameof(EditAction.Enter), nameof(EditAction.End), "end\n", 4)]
    public void Keys_move_and_take_away_whole_characters(string text, string first, string second, string expected, int cursor)
    {
        var editor = new LineEditor([]);
        editor.Apply(new EditKey(EditAction.Insert, text));
        foreach (string action in (string[])[first, second]) editor.Apply(new EditKey(Enum.Parse<EditAction>(action)));
        Assert.Equal((expected, cursor), (editor.Text, editor.Cursor));
    }

    [Fact]
    public void The_history_gives_the_draft_back()
    {
        var editor = new LineEditor(["old", "new"]);
        editor.Apply(new EditKey(EditAction.Insert, "draft"));
        string[] seen = [.. new[] { EditAction.Up, EditAction.Up, EditAction.Up, EditAction.Down, EditAction.Down, EditAction.Down }.Select(action =>
        {
            editor.Apply(new EditKey(action));
            return editor.Text;
        })];
        Assert.Equal(["new", "old", "old", "new", "draft", "draft"], seen);
    }

    [Fact]
    public void Up_and_down_stay_in_a_text_of_several_lines()
    {
        var editor = new LineEditor(["history"]);
        editor.Apply(new EditKey(EditAction.Insert, "first\nab\nthird"));
        editor.Apply(new EditKey(EditAction.Up));
        Assert.Equal(8, editor.Cursor);
        editor.Apply(new EditKey(EditAction.Up));
        Assert.Equal(2, editor.Cursor);
        editor.Apply(new EditKey(EditAction.Up));
        Assert.Equal("history", editor.Text);
    }

    [Theory]
    [InlineData("/sta", "/stats ")]
    [InlineData("/st", "/st")]
    [InlineData("hello", "hello")]
    public void A_name_of_a_command_is_completed_when_there_is_one(string typed, string expected)
    {
        var editor = new LineEditor([], Cli.Chat.SlashCommand.Complete);
        editor.Apply(new EditKey(EditAction.Insert, typed));
        editor.Apply(new EditKey(EditAction.Complete));
        Assert.Equal(expected, editor.Text);
    }

    private sealed partial class Model
    {
        private int _entry = History.Length;
        private string _draft = "", _killed = "";

        public string Text { get; private set; } = "";

        public int Cursor { get; private set; }

        private string Before => Text[..Cursor];

        private string After => Text[Cursor..];

        public static int[] Boundaries(string text) => [.. StringInfo.ParseCombiningCharacters(text), text.Length];

        public EditState Apply(EditKey key)
        {
            int left = Boundaries(Text).Where(at => at < Cursor).DefaultIfEmpty(0).Max(), right = Boundaries(Text).Where(at => at > Cursor).DefaultIfEmpty(Text.Length).Min();
            string line = Before.Split('\n')[^1], rest = After.Split('\n')[0];
            switch (key.Action)
            {
                case EditAction.Insert: Put(Before + key.Text, After); break;
                case EditAction.NewLine: Put(Before + "\n", After); break;
                case EditAction.Yank: Put(Before + _killed, After); break;
                case EditAction.Enter when !Text.EndsWith('\\'): return EditState.Submitted;
                case EditAction.Enter: Put(Text[..^1] + "\n", ""); break;
                case EditAction.Left: Cursor = left; break;
                case EditAction.Right: Cursor = right; break;
                case EditAction.Home: Cursor -= line.Length; break;
                case EditAction.End: Cursor += rest.Length; break;
                case EditAction.WordLeft: Cursor = Snap(Text, Cursor - LastWord().Match(Before).Length); break;
                case EditAction.WordRight: Cursor = Snap(Text, Cursor + FirstWord().Match(After).Length); break;
                case EditAction.Backspace: Put(Text[..left], After); break;
                case EditAction.DeleteOrEnd when Text.Length == 0: return EditState.Ended;
                case EditAction.Delete or EditAction.DeleteOrEnd: Put(Before, Text[right..]); break;
                case EditAction.KillToEnd: Kill(Cursor, rest.Length > 0 ? Cursor + rest.Length : right); break;
                case EditAction.KillToStart: Kill(Cursor - line.Length, Cursor); break;
                case EditAction.KillWord: Kill(Snap(Text, Cursor - LastWord().Match(Before).Length), Cursor); break;
                case EditAction.Up: Vertically(-1, line.Length); break;
                case EditAction.Down: Vertically(1, line.Length); break;
                case EditAction.Interrupt: return EditState.Interrupted;
            }
            return EditState.Editing;
        }

        private static int Snap(string text, int at) => Boundaries(text).Where(boundary => boundary >= at).Min();

        private void Put(string before, string after) => (Text, Cursor) = (before + after, Snap(before + after, before.Length));

        private void Kill(int from, int to)
        {
            if (from == to) return;
            _killed = Text[from..to];
            Put(Text[..from], Text[to..]);
        }

        private void Vertically(int step, int column)
        {
            string[] lines = Text.Split('\n');
            int line = Before.Split('\n').Length - 1 + step;
            if (line >= 0 && line < lines.Length)
            {
                Cursor = Snap(Text, lines.Take(line).Sum(text => text.Length + 1) + Math.Min(column, lines[line].Length));
                return;
            }
            int entry = _entry + step;
            if (entry < 0 || entry > History.Length) return;
            if (_entry == History.Length) _draft = Text;
            _entry = entry;
            Text = entry == History.Length ? _draft : History[entry];
            Cursor = Text.Length;
        }

        [GeneratedRegex(@"\S*\s*\z")]
        private static partial Regex LastWord();

        [GeneratedRegex(@"\A\s*\S*")]
        private static partial Regex FirstWord();
    }
}
