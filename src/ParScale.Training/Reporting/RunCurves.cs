using System.Text.Json;
using ParScale.Files;

namespace ParScale.Training.Reporting;

/// <summary>The rows of a run's log, as they are drawn.</summary>
internal sealed record RunCurves(string Name, IReadOnlyList<LogRow> Rows)
{
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Reads <c>log.jsonl</c> in the folder of a run, finished or not.</summary>
    /// <exception cref="ParScaleException">There is none (RP-01), a line is damaged (RP-02), or it has no row yet (RP-03).</exception>
    public static RunCurves Read(string folder)
    {
        string path = Path.Combine(folder, "log.jsonl");
        if (!File.Exists(path))
            throw new ParScaleException(ErrorKind.BadInput, "RP-01", $"{ParScaleException.Quote(folder)} has no log.jsonl; give the folder of a run (train -o)");
        string[] lines = File.ReadAllLines(path);
        var rows = new List<LogRow>();
        for (int i = 1; i < lines.Length; i++)
        {
            // The run may be writing its last line just now.
            if (Row(lines[i]) is { } row) rows.Add(row);
            else if (i < lines.Length - 1) throw ParScaleException.BadInput("RP-02", path, $"line {i + 1} is not a row of a training log");
        }
        if (rows.Count == 0) throw ParScaleException.BadInput("RP-03", path, "has no row yet; wait until the run has made ten steps");
        return new RunCurves(Path.GetFileName(SystemPath.Full(folder)), rows);
    }

    /// <summary>Points of a curve over the tokens seen, without the rows that have no finite value.</summary>
    public (double X, double Y)[] Points(Func<LogRow, double?> value) =>
    [
        .. from row in Rows
           let y = value(row)
           where y is { } number && double.IsFinite(number)
           select ((double)row.Tokens, y.Value),
    ];

    private static LogRow? Row(string line)
    {
        try
        {
            LogRow? row = JsonSerializer.Deserialize<LogRow>(line, Format);
            return row is { Step: > 0, Tokens: > 0 } ? row : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
