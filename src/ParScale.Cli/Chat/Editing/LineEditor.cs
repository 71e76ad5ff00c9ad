namespace ParScale.Cli.Chat.Editing;

/// <summary>What became of the text with a key.</summary>
internal enum EditState
{
    /// <summary>It is still being edited.</summary>
    Editing,

    /// <summary>It is complete.</summary>
    Submitted,

    /// <summary>It was given up by Ctrl+C.</summary>
    Interrupted,

    /// <summary>Nothing was typed and nothing will be: Ctrl+D.</summary>
    Ended,
}

/// <summary>
/// The text that is being typed, of one line or several, and what each key does to it. Knows nothing of a screen. Positions are in
/// UTF-16 units and always between two characters as a reader counts them.
/// </summary>
/// <param name="history">Earlier texts, the newest last.</param>
/// <param name="complete">Completes a text that was typed up to the cursor; null when there is nothing to add.</param>
internal sealed class LineEditor(IReadOnlyList<string> history, Func<string, string?>? complete = null)
{
    private int _entry = history.Count;
    private string _draft = "", _killed = "";

    /// <summary>The text.</summary>
    public string Text { get; private set; } = "";

    /// <summary>Where the next character goes.</summary>
    public int Cursor { get; private set; }

    private int LineStart => Cursor == 0 ? 0 : Text.LastIndexOf('\n', Cursor - 1) + 1;

    private int LineEnd => Text.IndexOf('\n', Cursor) is >= 0 and var end ? end : Text.Length;

    /// <summary>Does what a key asks for.</summary>
    public EditState Apply(EditKey key)
    {
        switch (key.Action)
        {
            case EditAction.Insert: Insert(key.Text); break;
            case EditAction.NewLine: Insert("\n"); break;
            case EditAction.Enter: return Enter();
            case EditAction.Left: Cursor = Graphemes.Previous(Text, Cursor); break;
            case EditAction.Right: Cursor = Graphemes.Next(Text, Cursor); break;
            case EditAction.WordLeft: Cursor = WordBefore(); break;
            case EditAction.WordRight: Cursor = WordAfter(); break;
            case EditAction.Home: Cursor = LineStart; break;
            case EditAction.End: Cursor = LineEnd; break;
            case EditAction.Up: Up(); break;
            case EditAction.Down: Down(); break;
            case EditAction.Backspace: Remove(Graphemes.Previous(Text, Cursor), Cursor); break;
            case EditAction.Delete: Remove(Cursor, Graphemes.Next(Text, Cursor)); break;
            case EditAction.DeleteOrEnd when Text.Length == 0: return EditState.Ended;
            case EditAction.DeleteOrEnd: Remove(Cursor, Graphemes.Next(Text, Cursor)); break;
            case EditAction.KillToEnd: Kill(Cursor, LineEnd == Cursor ? Graphemes.Next(Text, Cursor) : LineEnd); break;
            case EditAction.KillToStart: Kill(LineStart, Cursor); break;
            case EditAction.KillWord: Kill(WordBefore(), Cursor); break;
            case EditAction.Yank: Insert(_killed); break;
            case EditAction.Complete: Complete(); break;
            case EditAction.Interrupt: return EditState.Interrupted;
            case EditAction.ClearScreen: break;
        }
        return EditState.Editing;
    }

    // A backslash at the end asks for another line.
    private EditState Enter()
    {
        if (!Text.EndsWith('\\')) return EditState.Submitted;
        Set($"{Text[..^1]}\n", Text.Length);
        return EditState.Editing;
    }

    private void Insert(string text) => Set(Text.Insert(Cursor, text), Cursor + text.Length);

    private void Remove(int from, int to) => Set(Text.Remove(from, to - from), from);

    private void Kill(int from, int to)
    {
        if (from == to) return;
        _killed = Text[from..to];
        Remove(from, to);
    }

    // What stands beside the cursor may have become one character with what was put in.
    private void Set(string text, int cursor) => (Text, Cursor) = (text, Graphemes.Snap(text, cursor));

    private void Complete()
    {
        if (complete?.Invoke(Text[..Cursor]) is { } whole) Set(whole + Text[Cursor..], whole.Length);
    }

    private int WordBefore()
    {
        int at = Cursor;
        while (at > 0 && char.IsWhiteSpace(Text[at - 1])) at--;
        while (at > 0 && !char.IsWhiteSpace(Text[at - 1])) at--;
        return Graphemes.Snap(Text, at);
    }

    private int WordAfter()
    {
        int at = Cursor;
        while (at < Text.Length && char.IsWhiteSpace(Text[at])) at++;
        while (at < Text.Length && !char.IsWhiteSpace(Text[at])) at++;
        return Graphemes.Snap(Text, at);
    }

    private void Up()
    {
        if (LineStart > 0) MoveTo(lineEnd: LineStart - 1, column: Cursor - LineStart);
        else if (_entry > 0) Recall(_entry - 1);
    }

    private void Down()
    {
        int column = Cursor - LineStart;
        if (LineEnd == Text.Length)
        {
            if (_entry < history.Count) Recall(_entry + 1);
            return;
        }
        int below = LineEnd + 1;
        MoveTo(Text.IndexOf('\n', below) is >= 0 and var end ? end : Text.Length, column);
    }

    private void MoveTo(int lineEnd, int column)
    {
        int start = lineEnd == 0 ? 0 : Text.LastIndexOf('\n', lineEnd - 1) + 1;
        Cursor = Graphemes.Snap(Text, Math.Min(start + column, lineEnd));
    }

    // The unfinished text waits below the newest entry. Changes to an entry last until another one is recalled.
    private void Recall(int entry)
    {
        if (_entry == history.Count) _draft = Text;
        _entry = entry;
        string text = entry == history.Count ? _draft : history[entry];
        (Text, Cursor) = (text, text.Length);
    }
}
