using System.Globalization;

namespace ParScale.ScalingLaws.Law;

/// <summary>One run of a table.</summary>
/// <param name="Point">Its loss with all its streams.</param>
/// <param name="Kind">Of its streams; null for a plain model, P = 1, which has none.</param>
/// <param name="Cuts">What it gives for each number of its streams, where it was trained for several: N and loss; empty where it was not.</param>
/// <param name="Model">What its settings are called; empty where the table does not say.</param>
/// <param name="Seed">What tells it from runs of the same N and P; empty without.</param>
/// <param name="Line">Its line in the text.</param>
internal sealed record LossRow(LossPoint Point, StreamKind? Kind, string[] Cuts, string Model, string Seed, int Line)
{
    private const string Plain = "plain";

    /// <summary>The kind that a cell names; an empty one leaves it to P and to whether there are cuts.</summary>
    /// <exception cref="LossTableException">It names none (LW-03).</exception>
    public static StreamKind? KindOf(string cell, int p, bool hasCuts, int line)
    {
        if (cell.Length == 0) return hasCuts ? StreamKind.Elastic : p == 1 ? null : StreamKind.Ordinary;
        if (cell.Equals(Plain, StringComparison.OrdinalIgnoreCase)) return null;
        if (cell.All(char.IsAsciiLetter) && Enum.TryParse(cell, ignoreCase: true, out StreamKind kind)) return kind;
        throw new LossTableException("LW-03", $"stream_kind: \"{cell}\" is none of {Plain}, ordinary, elastic and anchored", line);
    }

    /// <summary>
    /// The rows that a law of one kind is fitted to, and what is left out in words. Plain models are P = 1 of streams that are trained for one P;
    /// those trained for several have a P = 1 of their own.
    /// </summary>
    public static (IReadOnlyList<LossRow> Rows, IReadOnlyList<string> Notes) Choose(IReadOnlyList<LossRow> rows, StreamKind kind)
    {
        bool elastic = rows.Any(row => row.Kind == kind && row.Cuts.Length > 0);
        ILookup<bool, LossRow> parts = rows.ToLookup(row => row.Kind == kind || (row.Kind is null && !elastic));
        string[] left = [.. parts[false].GroupBy(row => row.Kind).OrderBy(group => group.Key).Select(group => FormattableString.Invariant(
            $"{group.Count()} {(group.Count() == 1 ? "row" : "rows")} of {group.Key?.ToString().ToLowerInvariant() ?? Plain} {(group.Key is null ? "models" : "streams")}"))];
        IReadOnlyList<string> notes = left is [] ? [] : [$"left out: {string.Join(", ", left)}; each kind of streams has a law of its own"];
        return ([.. parts[true]], notes);
    }

    /// <summary>Its points: one, or one for each number of its streams.</summary>
    /// <exception cref="LossTableException">What it says of these is not like <c>1:3.2 2:3.1</c> (LW-03), or their N are missing (LW-02).</exception>
    public IEnumerable<LossPoint> Points()
    {
        if (Cuts.Length == 0) return [Point];
        if (Cuts[1].Length == 0)
        {
            throw new LossTableException("LW-02",
                "has losses for each number of streams, but no n for them in a column elastic_n; give the sweep's command again to write the table anew", Line);
        }
        Dictionary<int, double> sizes = Values("elastic_n", Cuts[1]).ToDictionary();
        return Values("elastic", Cuts[0]).Select(cut => sizes.TryGetValue(cut.Key, out double n) ? new LossPoint(n, cut.Key, cut.Value)
            : throw new LossTableException("LW-03", FormattableString.Invariant($"elastic_n: there is no n for {cut.Key} streams"), Line));
    }

    private IEnumerable<KeyValuePair<int, double>> Values(string column, string text) => text.Split(' ').Select(cut =>
        cut.Split(':') is [var streams, var number]
            && int.TryParse(streams, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                ? KeyValuePair.Create(count, value)
                : throw new LossTableException("LW-03", $"{column}: \"{text}\" is not like 1:3.2 2:3.1", Line));
}
