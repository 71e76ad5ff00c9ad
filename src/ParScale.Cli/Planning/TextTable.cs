namespace ParScale.Cli.Planning;

/// <summary>Columns of text: names to the left, figures to the right.</summary>
internal sealed class TextTable(params string[] header)
{
    private readonly List<string[]> _lines = [header];

    /// <summary>Adds a line with as many cells as there are columns.</summary>
    public void Add(params string[] cells) => _lines.Add(cells);

    /// <summary>All lines with two spaces between columns. The first <paramref name="names"/> columns, and the last when <paramref name="lastIsName"/>, hold names.</summary>
    public void Write(TextWriter output, int names, bool lastIsName = false)
    {
        int columns = _lines[0].Length;
        int[] widths = [.. Enumerable.Range(0, columns).Select(column => _lines.Max(line => line[column].Length))];
        foreach (string[] line in _lines)
        {
            IEnumerable<string> cells = line.Select((cell, column) =>
                column < names || (lastIsName && column == columns - 1) ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]));
            output.Write(string.Join("  ", cells).TrimEnd() + "\n");
        }
    }
}
