using CsCheck;
using ParScale.Cli.Chat.Editing;

namespace ParScale.Cli.Tests.Chat.Editing;

/// <summary>How a text lies on a screen of so many columns and rows.</summary>
public class LineLayoutTests
{
    [Theory]
    [InlineData("abc", 3, "abc", 0, 5)]
    [InlineData("abcdefgh", 8, "abcdefgh|", 1, 2)]
    [InlineData("abcdefghi", 9, "abcdefgh|i", 1, 3)]
    [InlineData("abcdefghi", 8, "abcdefgh|i", 1, 2)]
    [InlineData("abcdefg日", 7, "abcdefg|日", 1, 2)]
    [InlineData("日本語文字", 5, "日本語文|字", 1, 4)]
    [InlineData("a\nb", 2, "a|b", 1, 2)]
    [InlineData("a\n", 2, "a|", 1, 2)]
    [InlineData("\ta", 1, "    a", 0, 6)]
    [InlineData("😀e\u0301", 4, "😀e\u0301", 0, 5)]
    public void Rows_break_where_the_screen_ends(string text, int cursor, string rows, int row, int column)
    {
        LineLayout layout = LineLayout.Of(text, cursor, mark: 2, columns: 10, height: 10);
        Assert.Equal(rows.Split('|'), layout.Rows);
        Assert.Equal((0, row, column), (layout.First, layout.CursorRow, layout.CursorColumn));
    }

    [Fact]
    public void A_text_longer_than_the_screen_shows_the_rows_around_the_cursor()
    {
        string text = string.Join('\n', Enumerable.Range(0, 30));
        LineLayout end = LineLayout.Of(text, text.Length, 2, 20, 5), start = LineLayout.Of(text, 0, 2, 20, 5);
        Assert.Equal(["25", "26", "27", "28", "29"], end.Rows);
        Assert.Equal((25, 4), (end.First, end.CursorRow));
        Assert.Equal(["0", "1", "2", "3", "4"], start.Rows);
        Assert.Equal(0, start.CursorRow);
    }

    [Theory]
    [InlineData(20, 1)]
    [InlineData(10, 1)]
    [InlineData(9, 2)]
    [InlineData(5, 2)]
    [InlineData(4, 4)]
    public void A_narrower_screen_breaks_the_rows_above_the_cursor_again(int columns, int rows)
    {
        // Ten columns in the first row, five before the cursor in the second.
        LineLayout layout = LineLayout.Of("abcdefgh日k", 9, mark: 2, columns: 10, height: 10);
        Assert.Equal((1, 4), (layout.CursorRow, layout.CursorColumn));
        Assert.Equal(rows, layout.RowsAboveCursor(2, columns));
    }

    [Fact]
    public void No_row_is_wider_than_the_screen_and_nothing_is_lost() =>
        Gen.Select(Gen.OneOf("a", " ", "日", "😀", "e\u0301", "\n", "word").Array[0, 60], Gen.Int[6, 30]).Sample((pieces, columns) =>
        {
            string text = string.Concat(pieces);
            for (int cursor = 0; cursor <= text.Length; cursor = cursor == text.Length ? cursor + 1 : Graphemes.Next(text, cursor))
            {
                LineLayout layout = LineLayout.Of(text, cursor, 2, columns, 1000);
                Assert.Equal(text.Replace("\n", "", StringComparison.Ordinal), string.Concat(layout.Rows));
                Assert.All(layout.Rows, row => Assert.InRange(Width(row), 0, columns - 2));
                Assert.InRange(layout.CursorColumn, 2, columns - 1);
                Assert.InRange(layout.CursorRow, 0, layout.Rows.Count - 1);
            }
        });

    private static int Width(string row)
    {
        int width = 0;
        for (int at = 0, next; at < row.Length; at = next)
        {
            next = Graphemes.Next(row, at);
            width += Graphemes.Width(row.AsSpan(at, next - at));
        }
        return width;
    }
}
