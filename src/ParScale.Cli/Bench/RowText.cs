using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ParScale.Cli.Bench;

/// <summary>Rows of figures as CSV, as lines of JSON, and as a table of Markdown.</summary>
internal static class RowText
{
    // Columns of a table that are names; the others are numbers.
    private const int Names = 3;

    /// <summary>Writes rows in a form other than <see cref="BenchFormat.Json"/>: a table has a header, cells of each row, and lines behind it.</summary>
    public static void Write<TRow>(
        BenchFormat format, IReadOnlyList<TRow> rows, JsonTypeInfo<TRow> type, string[] header, Func<TRow, string[]> cells, IEnumerable<string> legend, TextWriter output)
    {
        switch (format)
        {
            case BenchFormat.Csv: WriteCsv([.. rows.Select(row => JsonSerializer.SerializeToElement(row, type))], output); break;
            case BenchFormat.Jsonl:
                foreach (TRow row in rows) output.Write(JsonSerializer.Serialize(row, type) + "\n");
                break;
            default:
                WriteMarkdown(header, [.. rows.Select(cells)], output);
                foreach (string line in legend) output.Write(line + "\n");
                break;
        }
    }

    // The same names and numbers as in JSON, so that there is one list of columns.
    private static void WriteCsv(IReadOnlyList<JsonElement> rows, TextWriter output)
    {
        output.Write(string.Join(',', rows[0].EnumerateObject().Select(column => column.Name)) + "\n");
        foreach (JsonElement row in rows) output.Write(string.Join(',', row.EnumerateObject().Select(column => CsvField(column.Value))) + "\n");
    }

    // Names begin at the left, numbers end at the right.
    private static void WriteMarkdown(string[] header, IReadOnlyList<string[]> rows, TextWriter output)
    {
        // A name may come from a folder, and a bar would end the cell.
        string[][] lines = [header, .. rows.Select(row => row.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)).ToArray())];
        int[] widths = [.. Enumerable.Range(0, header.Length).Select(column => lines.Max(line => line[column].Length))];
        for (int i = 0; i < lines.Length; i++)
        {
            output.Write("| " + string.Join(" | ", lines[i].Select((cell, column) => column < Names ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))) + " |\n");
            if (i > 0) continue;
            output.Write("|" + string.Join('|', widths.Select((width, column) => column < Names ? new string('-', width + 2) : new string('-', width + 1) + ":")) + "|\n");
        }
    }

    private static string CsvField(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "",
        JsonValueKind.String => Quoted(value.GetString() ?? ""),
        _ => value.GetRawText(),
    };

    private static string Quoted(string text) =>
        text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}
