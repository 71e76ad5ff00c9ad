using System.Text.Json;

namespace ParScale.Cli.Bench;

/// <summary>Rows of figures as CSV, as lines of JSON, and as a table of Markdown.</summary>
internal static class RowText
{
    /// <summary>The same names and numbers as in JSON, so that there is one list of columns.</summary>
    public static void WriteCsv(IReadOnlyList<JsonElement> rows, TextWriter output)
    {
        output.Write(string.Join(',', rows[0].EnumerateObject().Select(column => column.Name)) + "\n");
        foreach (JsonElement row in rows) output.Write(string.Join(',', row.EnumerateObject().Select(column => CsvField(column.Value))) + "\n");
    }

    /// <summary>An object a line.</summary>
    public static void WriteLines(IReadOnlyList<JsonElement> rows, TextWriter output)
    {
        foreach (JsonElement row in rows) output.Write(row.GetRawText() + "\n");
    }

    /// <summary>A table whose first columns are names; the others are numbers, which end at the right.</summary>
    public static void WriteMarkdown(string[] header, IReadOnlyList<string[]> rows, int names, TextWriter output)
    {
        // A name may come from a folder, and a bar would end the cell.
        string[][] lines = [header, .. rows.Select(row => row.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)).ToArray())];
        int[] widths = [.. Enumerable.Range(0, header.Length).Select(column => lines.Max(line => line[column].Length))];
        for (int i = 0; i < lines.Length; i++)
        {
            output.Write("| " + string.Join(" | ", lines[i].Select((cell, column) => column < names ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))) + " |\n");
            if (i > 0) continue;
            output.Write("|" + string.Join('|', widths.Select((width, column) => column < names ? new string('-', width + 2) : new string('-', width + 1) + ":")) + "|\n");
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
