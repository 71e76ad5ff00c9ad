using System.Globalization;
using System.Text;

namespace ParScale.Cli.Chat.Editing;

/// <summary>How a text that is being edited lies on a screen.</summary>
/// <param name="Rows">The rows that are shown, without the marks before them.</param>
/// <param name="First">Which row of the whole text the first of them is: only as many are shown as the screen has.</param>
/// <param name="CursorRow">The cursor's row, counted from the first shown.</param>
/// <param name="CursorColumn">The cursor's column, with the mark.</param>
internal sealed record LineLayout(IReadOnlyList<string> Rows, int First, int CursorRow, int CursorColumn)
{
    private const string Tab = "    ";

    /// <summary>Lays out a text behind a mark of <paramref name="mark"/> columns, with as much room before every further row.</summary>
    public static LineLayout Of(string text, int cursor, int mark, int columns, int height)
    {
        var rows = new List<string>();
        var row = new StringBuilder();
        int column = mark, cursorRow = 0, cursorColumn = mark;
        void EndRow()
        {
            rows.Add(row.ToString());
            row.Clear();
            column = mark;
        }

        for (int at = 0, next; at < text.Length; at = next)
        {
            next = at + StringInfo.GetNextTextElementLength(text, at);
            ReadOnlySpan<char> shown = text[at] == '\t' ? Tab : text.AsSpan(at, next - at);
            int width = text[at] switch { '\n' => 0, '\t' => Tab.Length, _ => Graphemes.Width(shown) };
            // A wide character does not begin in the last column.
            if (column + width > columns && column > mark) EndRow();
            // At the end of a line that fills its row the cursor stands on the last character.
            if (at == cursor) (cursorRow, cursorColumn) = (rows.Count, Math.Min(column, columns - 1));
            if (text[at] == '\n') EndRow();
            else
            {
                row.Append(shown);
                column += width;
            }
        }
        // Behind a full row the cursor stands on the next one.
        if (column >= columns) EndRow();
        if (cursor == text.Length) (cursorRow, cursorColumn) = (rows.Count, column);
        EndRow();
        int first = Math.Clamp(cursorRow - height + 1, 0, Math.Max(0, rows.Count - height));
        return new LineLayout(rows[first..Math.Min(rows.Count, first + height)], first, cursorRow - first, cursorColumn);
    }

    /// <summary>
    /// How many rows the cursor stands below the first one on a screen that has so many columns now: most terminals break a row again that
    /// has become too long, and none joins two.
    /// </summary>
    public int RowsAboveCursor(int mark, int columns)
    {
        int above = CursorColumn / columns;
        foreach (string row in Rows.Take(CursorRow)) above += Math.Max(0, mark + Width(row) - 1) / columns + 1;
        return above;
    }

    private static int Width(string row)
    {
        int width = 0;
        for (int at = 0, length; at < row.Length; at += length)
        {
            length = StringInfo.GetNextTextElementLength(row, at);
            width += Graphemes.Width(row.AsSpan(at, length));
        }
        return width;
    }
}
