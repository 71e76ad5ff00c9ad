using System.Globalization;
using ParScale.Plots;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace ParScale.Training.Reporting;

/// <summary>One plot of curves over the tokens seen.</summary>
internal sealed class CurvePanel(string title, string unit)
{
    private const int MostPoints = 300;
    private const int MarkersPerCurve = 8;
    private const double Margin = 0.05;
    private const float LegendWidth = 170;
    private readonly List<(string Name, int Style, (double X, double Y)[] Points)> _curves = [];

    /// <summary>Whether there is anything to draw.</summary>
    public bool HasCurves => _curves.Count > 0;

    /// <summary>Off: nothing is said about which curve is which.</summary>
    public bool Legend { get; init; } = true;

    /// <summary>Losses fall fast at first: their axis leaves that part out.</summary>
    public bool SkipsTheStart { get; init; }

    /// <summary>Adds a curve in the look number <paramref name="style"/>, unless it has no points.</summary>
    public void Add(string name, int style, (double X, double Y)[] points)
    {
        if (points.Length > 0) _curves.Add((name, style, Thin(points)));
    }

    public Plot Draw()
    {
        Plot plot = PictureStyle.Create(title, "tokens", unit);
        foreach ((string name, int style, (double X, double Y)[] points) in _curves)
        {
            PictureStyle.AddLine(plot, [.. points.Select(p => p.X)], [.. points.Select(p => p.Y)], style).LineWidth = 1.8f;
            int every = Math.Max(1, points.Length / MarkersPerCurve);
            // Each curve has its markers at other places: those of curves on top of each other stay apart.
            (double X, double Y)[] marked = points.Length <= MarkersPerCurve ? points : [.. points.Where((_, i) => i % every == style * every / 4 % every)];
            PictureStyle.AddMarkers(plot, [.. marked.Select(p => p.X)], [.. marked.Select(p => p.Y)], style);
            if (Legend) PictureStyle.AddLegend(plot, name, style);
        }
        plot.Axes.Bottom.TickGenerator = new NumericAutomatic { LabelFormatter = Short };
        plot.Axes.Left.TickGenerator = new NumericAutomatic { LabelFormatter = Short };
        Limit(plot);
        if (Legend)
        {
            plot.Layout.Fixed(new PixelPadding(left: 90, right: LegendWidth, bottom: 65, top: 50));
            plot.ShowLegend(Edge.Right);
        }
        return plot;
    }

    /// <summary>A number as a label: 1200000 is 1.2M, 0.00002 is 2E-5.</summary>
    internal static string Short(double value) => Math.Abs(value) switch
    {
        >= 1e12 => value.ToString("0.##E0", CultureInfo.InvariantCulture),
        >= 1e9 => (value / 1e9).ToString("0.##", CultureInfo.InvariantCulture) + "G",
        >= 1e6 => (value / 1e6).ToString("0.##", CultureInfo.InvariantCulture) + "M",
        >= 1e3 => (value / 1e3).ToString("0.##", CultureInfo.InvariantCulture) + "k",
        >= 1e-4 => value.ToString("0.######", CultureInfo.InvariantCulture),
        > 1e-300 => value.ToString("0.##E0", CultureInfo.InvariantCulture),
        _ => "0",
    };

    private void Limit(Plot plot)
    {
        double right = _curves.Max(curve => curve.Points[^1].X);
        double[] shown = [.. _curves.SelectMany(curve => curve.Points).Where(p => !SkipsTheStart || p.X >= right / 30).Select(p => p.Y)];
        if (shown.Length == 0) shown = [.. _curves.SelectMany(curve => curve.Points).Select(p => p.Y)];
        (double least, double most) = (shown.Min(), shown.Max());
        double room = most > least ? (most - least) * Margin : Math.Max(Math.Abs(most), 1e-9) * Margin;
        plot.Axes.SetLimits(0, right * (1 + Margin / 2), least - room, most + room);
    }

    /// <summary>Means of as many neighbours as leave <see cref="MostPoints"/> points.</summary>
    private static (double X, double Y)[] Thin((double X, double Y)[] points)
    {
        int each = (points.Length + MostPoints - 1) / MostPoints;
        return each <= 1 ? points : [.. points.Chunk(each).Select(chunk => (chunk[^1].X, chunk.Average(p => p.Y)))];
    }
}
