namespace ParScale.Cli.Chat.Editing;

/// <summary>What a key does to the line that is edited.</summary>
internal enum EditAction
{
    /// <summary>Puts a text in at the cursor.</summary>
    Insert,

    /// <summary>Ends the line, or begins another one after a backslash.</summary>
    Enter,

    /// <summary>Begins another line.</summary>
    NewLine,

    /// <summary>Moves by a character.</summary>
    Left,

    /// <summary>Moves by a character.</summary>
    Right,

    /// <summary>Moves by a word.</summary>
    WordLeft,

    /// <summary>Moves by a word.</summary>
    WordRight,

    /// <summary>Moves to the beginning of the line.</summary>
    Home,

    /// <summary>Moves to the end of the line.</summary>
    End,

    /// <summary>Moves to the line above, or to the entry before in the history.</summary>
    Up,

    /// <summary>Moves to the line below, or to the entry after in the history.</summary>
    Down,

    /// <summary>Takes away the character before the cursor.</summary>
    Backspace,

    /// <summary>Takes away the character at the cursor.</summary>
    Delete,

    /// <summary>The same; in an empty text, the end of all input.</summary>
    DeleteOrEnd,

    /// <summary>Takes away what follows in the line.</summary>
    KillToEnd,

    /// <summary>Takes away what comes before in the line.</summary>
    KillToStart,

    /// <summary>Takes away the word before the cursor.</summary>
    KillWord,

    /// <summary>Puts in what was last taken away by one of the above.</summary>
    Yank,

    /// <summary>Completes the name of a command.</summary>
    Complete,

    /// <summary>Clears the screen around the line.</summary>
    ClearScreen,

    /// <summary>Gives the line up.</summary>
    Interrupt,
}

/// <summary>A key, or a text that came at once.</summary>
/// <param name="Action">What it does.</param>
/// <param name="Text">With <see cref="EditAction.Insert"/>, the text.</param>
internal readonly record struct EditKey(EditAction Action, string Text = "");
