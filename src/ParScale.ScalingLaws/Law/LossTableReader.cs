using System.Globalization;
using System.Text;

namespace ParScale.ScalingLaws.Law;

/// <summary>
/// Reads comma-separated losses: headings, then a line for each run. Empty lines and lines that start with # are skipped. Where a column
/// seed tells repeated runs apart, those of one (n, p) count once, with their mean loss. Columns stream_kind, elastic and elastic_n, as sweeps
/// write them, tell rows of one kind of streams from others.
/// </summary>
internal static class LossTableReader
{
    private const int LongestLine = 1 << 16;
    private const int MostStreams = 1 << 20;
    private static readonly string[] Columns = ["n", "p", "loss"];

    public static LossTable Read(TextReader text, string name, StreamKind kind, IReadOnlyCollection<string>? models)
    {
        var runs = new List<LossRow>();
        string[]? headings = null;
        int[] at = [];
        int number = 0;
        for (string? line; (line = ReadLine(text, ++number)) is not null;)
        {
            if (string.IsNullOrWhiteSpace(line) || line.StartsWith('#')) continue;
            string[] cells = Split(line, number);
            if (headings is null)
            {
                headings = [.. cells.Select(cell => cell.Trim())];
                at = Find(headings, number);
                continue;
            }
            if (cells.Length != headings.Length)
            {
                throw new LossTableException("LW-07", FormattableString.Invariant(
                    $"has {cells.Length} cells under {headings.Length} headings; cells are separated by commas, decimals by points"), number);
            }
            if (runs.Count == LossTable.MostPoints)
                throw new LossTableException("LW-06", FormattableString.Invariant($"is one point more than the {LossTable.MostPoints} allowed"), number);
            LossPoint point = Point(cells, at, number);
            string elastic = Cell("elastic");
            StreamKind? own = LossRow.KindOf(Cell("stream_kind"), point.P, elastic.Length > 0, number);
            runs.Add(new LossRow(point, own, elastic.Length == 0 ? [] : [elastic, Cell("elastic_n")], Cell("model"), Cell("seed"), number));

            string Cell(string column) => Place(headings, column) is >= 0 and var place ? cells[place].Trim() : "";
        }
        if (headings is null) throw new LossTableException("LW-02", "has no headings; the first line must name the columns n, p and loss");
        if (models?.FirstOrDefault(model => !runs.Any(run => run.Model == model)) is { } missing)
        {
            string found = string.Join(", ", runs.Select(run => run.Model).Where(model => model.Length > 0).Distinct());
            throw new LossTableException("LW-02", $"has no row of the model {Quote(missing)} (found: {(found.Length == 0 ? "no column model" : found)})");
        }
        if (models is not null) runs.RemoveAll(run => !models.Contains(run.Model));
        (IReadOnlyList<LossRow> chosen, IReadOnlyList<string> notes) = LossRow.Choose(runs, kind);
        (LossPoint Point, int Line)[] points =
        [
            .. chosen.SelectMany(run => run.Points().Select(point => (Point: point, Run: run)))
                .GroupBy(run => (run.Point.N, run.Point.P)).SelectMany(Means),
        ];
        return new LossTable(name, [.. points.Select(at => at.Point)], [.. points.Select(at => at.Line)], notes);
    }

    // A seed that stands twice is no repetition but a mistake, and so are two runs without seeds: the table refuses what is left double.
    private static IEnumerable<(LossPoint Point, int Line)> Means(IEnumerable<(LossPoint Point, LossRow Run)> same)
    {
        (LossPoint Point, LossRow Run)[] runs = [.. same];
        string[] models = [.. runs.Select(run => run.Run.Model).Distinct()];
        if (models.Length > 1)
        {
            throw new LossTableException("LW-05", FormattableString.Invariant(
                $"has the same n = {runs[0].Point.N:R} and p = {runs[0].Point.P} in the models {models[0]} and {models[1]}, which are trained in different ways; choose models with --models"),
                runs.First(run => run.Run.Model == models[1]).Run.Line);
        }
        bool repeated = runs.Length > 1 && runs.All(run => run.Run.Seed.Length > 0) && runs.DistinctBy(run => run.Run.Seed).Count() == runs.Length;
        if (!repeated) return runs.Select(run => (run.Point, run.Run.Line));
        return [(runs[0].Point with { Loss = runs.Average(run => run.Point.Loss) }, runs[0].Run.Line)];
    }

    private static LossPoint Point(string[] cells, int[] at, int line)
    {
        double n = Parameters(cells[at[0]], line);
        double p = Number("p", cells[at[1]], line);
        double loss = Number("loss", cells[at[2]], line);
        if (p != Math.Floor(p) || p is < 1 or > MostStreams)
        {
            throw new LossTableException("LW-04", FormattableString.Invariant(
                $"p is {Quote(cells[at[1]])}; it must be a whole number of streams, 1 to {MostStreams}"), line);
        }
        return new LossPoint(n, (int)p, loss);
    }

    private static double Parameters(string cell, int line)
    {
        if (ParameterCount.TryParse(cell, out double value, out string? problem)) return value;
        throw new LossTableException("LW-03", $"n: {Quote(cell)} {problem}", line);
    }

    private static double Number(string column, string cell, int line)
    {
        if (double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)) return value;
        throw new LossTableException("LW-03", $"{column}: {Quote(cell)} is not a number", line);
    }

    private static int Place(string[] names, string column) => Array.FindIndex(names, name => name.Equals(column, StringComparison.OrdinalIgnoreCase));

    private static int[] Find(string[] names, int line)
    {
        int[] at = new int[Columns.Length];
        for (int i = 0; i < Columns.Length; i++)
        {
            string column = Columns[i];
            at[i] = Place(names, column);
            if (at[i] < 0)
            {
                string found = Quote(string.Join(", ", names));
                throw new LossTableException(
                    "LW-02", $"there is no column {column} (found: {found}); the columns n, p and loss are needed, separated by commas", line);
            }
            if (names.Count(name => name.Equals(column, StringComparison.OrdinalIgnoreCase)) > 1)
                throw new LossTableException("LW-02", $"there are two columns {column}; leave one", line);
        }
        return at;
    }

    // A cell in quotes may hold commas and, doubled, quotes; it may not run over the end of its line.
    private static string[] Split(string line, int number)
    {
        var cells = new List<string>();
        var cell = new StringBuilder();
        bool quoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (c == '"')
            {
                bool doubled = quoted && i + 1 < line.Length && line[i + 1] == '"';
                if (doubled) cell.Append(line[++i]);
                else quoted = !quoted;
            }
            else if (c == ',' && !quoted)
            {
                cells.Add(cell.ToString());
                cell.Clear();
            }
            else
            {
                cell.Append(c);
            }
        }
        if (quoted) throw new LossTableException("LW-07", "a quote is opened and not closed", number);
        cells.Add(cell.ToString());
        return [.. cells];
    }

    // A reader's own ReadLine would take a line of any length into memory.
    private static string? ReadLine(TextReader text, int number)
    {
        var line = new StringBuilder();
        for (int c; (c = text.Read()) >= 0; line.Append((char)c))
        {
            if (c == '\n') return line.ToString().TrimEnd('\r');
            if (line.Length < LongestLine) continue;
            throw new LossTableException("LW-07", FormattableString.Invariant($"is longer than {LongestLine} characters; this is not a table of losses"), number);
        }
        return line.Length == 0 ? null : line.ToString().TrimEnd('\r');
    }

    private static string Quote(string cell) => cell.Length > 60 ? $"\"{cell[..60]}…\"" : $"\"{cell}\"";
}
