using System.Text;

namespace ParScale.Training.Sweeps;

/// <summary>The table of a sweep, <c>results.csv</c>: rows by the name of their run, cells by the name of their column.</summary>
internal static class SweepTable
{
    /// <summary>Its file in the folder of the sweep.</summary>
    public const string FileName = "results.csv";

    /// <summary>The text of a table: a line for the columns, then one a row.</summary>
    public static string Write(IReadOnlyList<string> columns, IEnumerable<IReadOnlyDictionary<string, string>> rows)
    {
        var text = new StringBuilder();
        foreach (IEnumerable<string> cells in rows.Select(row => columns.Select(column => row.GetValueOrDefault(column) ?? "")).Prepend(columns))
            text.Append(string.Join(',', cells.Select(Cell))).Append('\n');
        return text.ToString();
    }

    /// <summary>Reads what <see cref="Write"/> wrote, rows by name, in their order.</summary>
    /// <exception cref="ParScaleException">The file is not there, or no such table (SW-10).</exception>
    public static OrderedDictionary<string, IReadOnlyDictionary<string, string>> Read(string path)
    {
        if (!File.Exists(path)) throw ParScaleException.BadInput("SW-10", path, "is not there; give the results.csv of a sweep");
        string[] lines = File.ReadAllLines(path);
        string[] columns = lines.Length == 0 ? [] : Cells(lines[0]);
        if (!columns.Contains("name") || !columns.Contains("settings") || columns.Distinct().Count() != columns.Length)
            throw ParScaleException.BadInput("SW-10", path, "is no results.csv of a sweep: it needs the columns name and settings, each once");
        var rows = new OrderedDictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);
        for (int i = 1; i < lines.Length; i++)
        {
            string[] cells = Cells(lines[i]);
            if (cells.Length != columns.Length)
                throw ParScaleException.BadInput("SW-10", path, FormattableString.Invariant($"line {i + 1} has {cells.Length} cells, the first line {columns.Length}"));
            Dictionary<string, string> row = columns.Zip(cells).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal);
            if (!rows.TryAdd(row["name"], row)) throw ParScaleException.BadInput("SW-10", path, FormattableString.Invariant($"line {i + 1}: run {row["name"]} is there twice"));
        }
        return rows;
    }

    private static string Cell(string text) =>
        text.AsSpan().IndexOfAny(",\"\n\r") < 0 ? text : $"\"{text.ReplaceLineEndings(" ").Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string[] Cells(string line)
    {
        List<string> cells = [];
        var cell = new StringBuilder();
        bool quoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] == '"' && quoted && i + 1 < line.Length && line[i + 1] == '"') cell.Append(line[++i]);
            else if (line[i] == '"') quoted = !quoted;
            else if (line[i] == ',' && !quoted)
            {
                cells.Add(cell.ToString());
                cell.Clear();
            }
            else cell.Append(line[i]);
        }
        return [.. cells, cell.ToString()];
    }
}
