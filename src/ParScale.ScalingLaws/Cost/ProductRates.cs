using ParScale.Kernels.Formats;

namespace ParScale.ScalingLaws.Cost;

/// <summary>
/// Measured rates of products by format and number of rows. Few rows are less efficient than many: what a weight costs before it is
/// multiplied, loading and unpacking, is shared by the rows.
/// </summary>
public sealed class ProductRates
{
    // Per format, by rows: seconds that one weight takes for all of them.
    private readonly Dictionary<WeightDtype, (double Rows, double Seconds)[]> _curves;

    /// <summary>Takes measurements, at most one for each format and number of rows.</summary>
    public ProductRates(IEnumerable<MeasuredProducts> points)
    {
        Points = [.. points];
        _curves = Points.GroupBy(point => point.Format).ToDictionary(format => format.Key, Curve);
    }

    /// <summary>The measurements.</summary>
    public IReadOnlyList<MeasuredProducts> Points { get; }

    /// <summary>
    /// Multiply-adds a second for a number of rows, or null for a format that was not measured. Between two measurements the time of a
    /// weight is taken to grow evenly; beyond the last one the rate stays.
    /// </summary>
    public double? RateFor(WeightDtype format, double rows)
    {
        if (!_curves.TryGetValue(format, out var curve)) return null;
        if (rows >= curve[^1].Rows) return curve[^1].Rows / curve[^1].Seconds;
        int next = Array.FindIndex(curve, point => point.Rows > rows);
        if (next == 0) return rows / curve[0].Seconds;
        (double fromRows, double from) = curve[next - 1];
        (double toRows, double to) = curve[next];
        return rows / (from + (to - from) * (rows - fromRows) / (toRows - fromRows));
    }

    // A disturbed measurement must not make more rows cheaper than fewer.
    private static (double Rows, double Seconds)[] Curve(IEnumerable<MeasuredProducts> points)
    {
        double most = 0;
        return [.. points.OrderBy(point => point.Rows).Select(point => ((double)point.Rows, most = Math.Max(most, point.Rows / point.Rate)))];
    }
}
