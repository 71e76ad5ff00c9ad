using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using ParScale.Cli.Terminals;

namespace ParScale.Cli.Chat.Editing;

/// <summary>
/// Reads texts from a keyboard and draws each while it is typed. Keys that come while nobody reads, in the middle of an answer, are
/// kept for the next text.
/// </summary>
internal sealed class LineInput : IDisposable
{
    private const int ReadAtOnce = 4096;
    private const string MarkText = "> ", FurtherMark = "… ";
    private const string PasteOn = "\u001b[?2004h", PasteOff = "\u001b[?2004l";

    private readonly Terminal _terminal;
    private readonly TerminalMode _mode;
    private readonly Stream _bytes;
    private readonly Func<string, string?> _complete;
    private readonly KeyDecoder _decoder = new();
    private readonly Queue<EditKey> _keys = new();
    private readonly byte[] _buffer = new byte[ReadAtOnce];
    private readonly Lock _drawing = new();
    private readonly PosixSignalRegistration? _resized;
    private LineEditor? _editor;
    private LineLayout? _drawn;

    public LineInput(Terminal terminal, Func<string, string?> complete)
    {
        Keyboard keyboard = terminal.Keyboard ?? throw new ArgumentException("there is no keyboard", nameof(terminal));
        (_terminal, _mode, _bytes, _complete) = (terminal, keyboard.Mode, keyboard.Open(), complete);
        _mode.SetSilent();
        AppDomain.CurrentDomain.ProcessExit += Restore;
        if (!OperatingSystem.IsWindows()) _resized = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Redraw());
    }

    /// <summary>Reads a text.</summary>
    public (EditState End, string Text) Read(IReadOnlyList<string> history)
    {
        var editor = new LineEditor(history, _complete);
        // What is written under one mode is shown under it: raw ones take a line feed for a step straight down.
        _terminal.Out.Flush();
        _mode.SetRaw();
        try
        {
            lock (_drawing)
            {
                (_editor, _drawn) = (editor, null);
                _terminal.Out.Write(PasteOn);
                Draw();
            }
            EditState state = EditState.Editing;
            while (state == EditState.Editing)
            {
                if (!TryNext(out EditKey key)) return (EditState.Ended, "");
                lock (_drawing)
                {
                    state = editor.Apply(key);
                    if (key.Action == EditAction.ClearScreen) ClearScreen();
                    if (_keys.Count == 0) Draw();
                }
            }
            return (state, editor.Text);
        }
        finally
        {
            lock (_drawing) Leave();
            _mode.SetSilent();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _resized?.Dispose();
        AppDomain.CurrentDomain.ProcessExit -= Restore;
        _mode.Restore();
        _bytes.Dispose();
    }

    // Whatever ends the process, the shell gets its terminal back.
    private void Restore(object? sender, EventArgs e) => _mode.Restore();

    private bool TryNext(out EditKey key)
    {
        while (!_keys.TryDequeue(out key))
        {
            int count = _bytes.Read(_buffer);
            if (count == 0) return false;
            foreach (EditKey decoded in _decoder.Decode(_buffer.AsSpan(0, count))) _keys.Enqueue(decoded);
        }
        return true;
    }

    private void Redraw()
    {
        lock (_drawing) Draw();
    }

    private void ClearScreen()
    {
        _terminal.Out.Write("\u001b[H\u001b[2J");
        _drawn = null;
    }

    // The rows are drawn anew from the first, and the cursor is put back among them.
    private void Draw()
    {
        if (_editor is not { } editor) return;
        (int columns, int rows) = _terminal.Size();
        LineLayout layout = LineLayout.Of(editor.Text, editor.Cursor, MarkText.Length, columns, rows - 1);
        var drawn = new StringBuilder();
        Up(drawn, Math.Min(_drawn?.RowsAboveCursor(MarkText.Length, columns) ?? 0, rows - 1));
        drawn.Append("\r\u001b[J");
        for (int row = 0; row < layout.Rows.Count; row++)
        {
            if (row > 0) drawn.Append("\r\n");
            Mark(drawn, row + layout.First == 0 ? MarkText : FurtherMark);
            drawn.Append(layout.Rows[row]);
        }
        Up(drawn, layout.Rows.Count - 1 - layout.CursorRow);
        drawn.Append(CultureInfo.InvariantCulture, $"\r\u001b[{layout.CursorColumn}C");
        _drawn = layout;
        _terminal.Out.Write(drawn);
        _terminal.Out.Flush();
    }

    // Behind the text, where what comes next is written.
    private void Leave()
    {
        if (_editor is not { } editor) return;
        while (editor.Cursor < editor.Text.Length) editor.Apply(new EditKey(EditAction.Right));
        Draw();
        _editor = null;
        _terminal.Out.Write($"{PasteOff}\r\n");
        _terminal.Out.Flush();
    }

    private void Mark(StringBuilder drawn, string mark) =>
        drawn.Append(_terminal.HasColours ? $"\u001b[1;36m{mark}\u001b[0m" : mark);

    private static void Up(StringBuilder drawn, int rows)
    {
        if (rows > 0) drawn.Append(CultureInfo.InvariantCulture, $"\u001b[{rows}A");
    }
}
