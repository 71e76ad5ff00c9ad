using System.Text;

namespace ParScale.Cli.Chat.Editing;

/// <summary>
/// Turns the bytes of a terminal into keys, whatever the cuts between two reads. Knows the control characters of Emacs and readline,
/// the arrow and editing keys of xterm, of the Linux console and of tmux, and bracketed paste; other sequences do nothing.
/// </summary>
internal sealed class KeyDecoder
{
    private const int LongestSequence = 32;
    private const char Escape = '\u001b';
    private const string PasteEnd = "\u001b[201~";

    private readonly Decoder _utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetDecoder();
    private readonly StringBuilder _typed = new(), _sequence = new(), _pasted = new();
    private readonly List<EditKey> _keys = [];
    private Within _within;

    private enum Within { Text, AfterEscape, Csi, Ss3, Paste }

    /// <summary>The keys that are complete with these bytes, in order.</summary>
    public IReadOnlyList<EditKey> Decode(ReadOnlySpan<byte> bytes)
    {
        _keys.Clear();
        var chars = new char[_utf8.GetCharCount(bytes, flush: false)];
        int count = _utf8.GetChars(bytes, chars, flush: false);
        foreach (char c in chars.AsSpan(0, count)) Take(c);
        if (_within == Within.Text) EndText();
        return [.. _keys];
    }

    private void Take(char c)
    {
        switch (_within)
        {
            case Within.Text:
                TakeText(c);
                break;
            case Within.AfterEscape:
                TakeEscaped(c);
                break;
            case Within.Csi when c is < '@' or > '~' || (c == '[' && _sequence.Length == 0):
                if (_sequence.Length < LongestSequence) _sequence.Append(c);
                break;
            case Within.Csi:
                _within = Within.Text;
                Add(OfCsi(_sequence.ToString(), c));
                break;
            case Within.Ss3:
                _within = Within.Text;
                Add(OfFinal(c));
                break;
            case Within.Paste:
                _pasted.Append(c);
                if (c == '~') EndPaste();
                break;
        }
    }

    private void TakeText(char c)
    {
        if (c is >= ' ' and not '\u007f' and not (>= '\u0080' and <= '\u009f'))
        {
            _typed.Append(c);
            return;
        }
        EndText();
        if (c == Escape) _within = Within.AfterEscape;
        else Add(OfControl(c));
    }

    private void TakeEscaped(char c)
    {
        _within = c switch { '[' => Within.Csi, 'O' => Within.Ss3, Escape => Within.AfterEscape, _ => Within.Text };
        _sequence.Clear();
        Add(c switch
        {
            '\r' or '\n' => EditAction.NewLine,
            'b' => EditAction.WordLeft,
            'f' => EditAction.WordRight,
            '\u007f' or '\b' => EditAction.KillWord,
            _ => null,
        });
    }

    private void EndText()
    {
        if (_typed.Length == 0) return;
        _keys.Add(new EditKey(EditAction.Insert, _typed.ToString()));
        _typed.Clear();
    }

    private void EndPaste()
    {
        if (_pasted.Length < PasteEnd.Length || _pasted.ToString(_pasted.Length - PasteEnd.Length, PasteEnd.Length) != PasteEnd) return;
        string text = PastedText(_pasted.ToString(0, _pasted.Length - PasteEnd.Length));
        _pasted.Clear();
        _within = Within.Text;
        if (text.Length > 0) _keys.Add(new EditKey(EditAction.Insert, text));
    }

    // Terminals send line ends as carriage returns. No other control character has a place in a message.
    private static string PastedText(string text)
    {
        var kept = new StringBuilder(text.Length);
        foreach (char c in text.ReplaceLineEndings("\n"))
            if (!char.IsControl(c) || c is '\n' or '\t') kept.Append(c);
        return kept.ToString();
    }

    private void Add(EditAction? action)
    {
        if (action is { } known) _keys.Add(new EditKey(known));
    }

    private static EditAction? OfControl(char c) => c switch
    {
        '\u0001' => EditAction.Home,
        '\u0002' => EditAction.Left,
        '\u0003' => EditAction.Interrupt,
        '\u0004' => EditAction.DeleteOrEnd,
        '\u0005' => EditAction.End,
        '\u0006' => EditAction.Right,
        '\b' or '\u007f' => EditAction.Backspace,
        '\t' => EditAction.Complete,
        '\r' or '\n' => EditAction.Enter,
        '\u000b' => EditAction.KillToEnd,
        '\u000c' => EditAction.ClearScreen,
        '\u000e' => EditAction.Down,
        '\u0010' => EditAction.Up,
        '\u0015' => EditAction.KillToStart,
        '\u0017' => EditAction.KillWord,
        '\u0019' => EditAction.Yank,
        _ => null,
    };

    // Modifiers stand after a semicolon: 5 is Ctrl, 3 is Alt, 2 is Shift.
    private EditAction? OfCsi(string parameters, char final)
    {
        if (final == '~' && parameters == "200")
        {
            _within = Within.Paste;
            return null;
        }
        bool byWord = parameters.EndsWith(";5", StringComparison.Ordinal) || parameters.EndsWith(";3", StringComparison.Ordinal);
        return (parameters.Split(';')[0], final) switch
        {
            (_, 'C') when byWord => EditAction.WordRight,
            (_, 'D') when byWord => EditAction.WordLeft,
            ("13", 'u') => parameters == "13" ? EditAction.Enter : EditAction.NewLine,
            ("1" or "7", '~') => EditAction.Home,
            ("3", '~') => EditAction.Delete,
            ("4" or "8", '~') => EditAction.End,
            ("27", '~') => parameters.EndsWith(";13", StringComparison.Ordinal) ? EditAction.NewLine : null,
            _ => OfFinal(final),
        };
    }

    private static EditAction? OfFinal(char final) => final switch
    {
        'A' => EditAction.Up,
        'B' => EditAction.Down,
        'C' => EditAction.Right,
        'D' => EditAction.Left,
        'F' => EditAction.End,
        'H' => EditAction.Home,
        'M' => EditAction.Enter,
        _ => null,
    };
}
