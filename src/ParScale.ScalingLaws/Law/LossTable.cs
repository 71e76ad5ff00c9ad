namespace ParScale.ScalingLaws.Law;

/// <summary>Losses of models of several sizes and numbers of streams, fit to have a law fitted to them.</summary>
public sealed class LossTable
{
    /// <summary>Fewest points: the law has as many parameters.</summary>
    public const int FewestPoints = 4;

    /// <summary>Most points.</summary>
    public const int MostPoints = 2000;

    private const double MostParameters = 1e18;
    private const double LeastLoss = 1e-6;
    private const double MostLoss = 1e4;

    private static readonly Lazy<LossTable> Stack = new(() => OfResource("stack.csv", "Stack-V2-Python"));
    private static readonly Lazy<LossTable> ThePile = new(() => OfResource("pile.csv", "Pile"));

    /// <summary>Takes points in range that differ in (N, P) and have two sizes and two numbers of streams at least.</summary>
    /// <exception cref="LossTableException">They do not.</exception>
    public LossTable(string name, IEnumerable<LossPoint> points)
        : this(name, [.. points], null, [])
    {
    }

    internal LossTable(string name, LossPoint[] points, int[]? lines, IReadOnlyList<string> notes)
    {
        Name = name;
        Points = points;
        Notes = notes;
        CheckValues(points, lines);
        CheckSpread(points, string.Concat(notes.Select(note => $" ({note})")));
    }

    /// <summary>The 24 published losses on Stack-V2-Python. Source: arXiv 2505.10475.</summary>
    public static LossTable StackV2Python => Stack.Value;

    /// <summary>The 24 published losses on the Pile. Source: arXiv 2505.10475.</summary>
    public static LossTable Pile => ThePile.Value;

    /// <summary>What the data are called.</summary>
    public string Name { get; }

    /// <summary>The points, in the order in which they were given.</summary>
    public IReadOnlyList<LossPoint> Points { get; }

    /// <summary>What of the text is not among the points, and why; empty when all of it is.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Most streams of any point.</summary>
    public int MostStreams => Points.Max(point => point.P);

    /// <summary>
    /// Reads a table with the columns n, p and loss, comma-separated, below one line of headings; other columns are ignored. Lines of one n
    /// and p that differ in a column seed count as their mean. In the table of a sweep, whose columns stream_kind, elastic and elastic_n tell
    /// kinds of streams apart, only rows of one kind are taken, and plain models; an elastic model gives a point for each number of its streams.
    /// </summary>
    /// <param name="text">The table.</param>
    /// <param name="name">What the data are called.</param>
    /// <param name="kind">The kind of streams whose rows are taken.</param>
    /// <param name="models">The models of a sweep whose rows are taken, by a column model; null for all.</param>
    /// <exception cref="LossTableException">The text is no such table, or has not one of the models; the message names the line.</exception>
    public static LossTable Parse(TextReader text, string name, StreamKind kind = StreamKind.Ordinary, IReadOnlyCollection<string>? models = null) =>
        LossTableReader.Read(text, name, kind, models);

    private static LossTable OfResource(string resource, string name)
    {
        using Stream stream = typeof(LossTable).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"{resource} is not in the assembly");
        using var text = new StreamReader(stream);
        return Parse(text, name);
    }

    private static void CheckValues(LossPoint[] points, int[]? lines)
    {
        var seen = new Dictionary<(double N, int P), int>();
        for (int i = 0; i < points.Length; i++)
        {
            int? line = lines?[i];
            (double n, int p, double loss) = points[i];
            CheckRange("n", n, 1, MostParameters, line);
            CheckRange("loss", loss, LeastLoss, MostLoss, line);
            if (p < 1) throw new LossTableException("LW-04", FormattableString.Invariant($"p is {p}; it must be 1 or more"), line);
            if (seen.TryAdd((n, p), i)) continue;
            string earlier = lines is null ? "" : FormattableString.Invariant($" as line {lines[seen[(n, p)]]}");
            throw new LossTableException("LW-05", FormattableString.Invariant(
                $"has the same n = {n:R} and p = {p}{earlier}; keep one, or give repeated runs a column seed"), line);
        }
    }

    private static void CheckRange(string column, double value, double least, double most, int? line)
    {
        if (value >= least && value <= most) return;
        throw new LossTableException("LW-04", FormattableString.Invariant($"{column} is {value:R}; it must be from {least:R} to {most:R}"), line);
    }

    private static void CheckSpread(LossPoint[] points, string left)
    {
        if (points.Length is < FewestPoints or > MostPoints)
        {
            throw new LossTableException("LW-06", FormattableString.Invariant(
                $"has {points.Length} points; a law of {FewestPoints} parameters needs {FewestPoints} to {MostPoints}{left}"));
        }
        if (points.All(point => point.P == points[0].P))
        {
            throw new LossTableException("LW-06", FormattableString.Invariant(
                $"every point has p = {points[0].P}; what streams are worth shows only with two or more values of p{left}"));
        }
        if (points.All(point => point.N == points[0].N))
        {
            throw new LossTableException("LW-06", FormattableString.Invariant(
                $"every point has n = {points[0].N:R}; what size is worth shows only with two or more values of n{left}"));
        }
    }
}
