using System.Globalization;
using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;

namespace ParScale.Plots;

/// <summary>
/// One look for all pictures. Series differ in colour and in marker, and the colours go from dark to light, so that they stay apart in
/// grey. No dashes: the drawing library cannot write them to SVG.
/// </summary>
internal static class PictureStyle
{
    private const float TitleSize = 18;
    private const float LabelSize = 16;
    private const float TickSize = 14;
    private const float LineWidth = 2.2f;
    private const float MarkerSize = 9;
    private static readonly string[] Families =
        ["DejaVu Sans", "Open Sans", "Noto Sans", "Segoe UI", "Helvetica", "Arial", "Liberation Sans"];
    private static readonly string[] Palette = ["#14213d", "#1a5a96", "#2fa896", "#f0a030", "#7b2d8b", "#d1495b"];
    private static readonly MarkerShape[] Markers =
    [
        MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledTriangleUp, MarkerShape.FilledDiamond,
        MarkerShape.FilledTriangleDown, MarkerShape.Eks,
    ];

    /// <summary>An empty plot with its labels.</summary>
    public static Plot Create(string title, string x, string y)
    {
        var plot = new Plot();
        plot.Font.Set(Font());
        plot.Title(title, TitleSize);
        plot.XLabel(x, LabelSize);
        plot.YLabel(y, LabelSize);
        plot.Axes.Title.Label.Bold = false;
        plot.Axes.Bottom.Label.Bold = false;
        plot.Axes.Left.Label.Bold = false;
        plot.Axes.Bottom.TickLabelStyle.FontSize = TickSize;
        plot.Axes.Left.TickLabelStyle.FontSize = TickSize;
        plot.Grid.MajorLineColor = Color.FromHex("#e3e3e3");
        plot.Axes.Left.TickGenerator = new NumericAutomatic
        {
            LabelFormatter = value => value.ToString("0.00##", CultureInfo.InvariantCulture),
        };
        plot.Layout.Fixed(new PixelPadding(left: 90, right: 25, bottom: 65, top: 50));
        plot.Legend.FontSize = TickSize;
        plot.Legend.ShadowColor = Colors.Transparent;
        return plot;
    }

    /// <summary>Names series <paramref name="index"/>, a line with markers, in the legend.</summary>
    public static void AddLegend(Plot plot, string text, int index) => plot.Legend.ManualItems.Add(new LegendItem
    {
        LabelText = text,
        LineColor = ColorOf(index),
        LineWidth = LineWidth,
        MarkerShape = Markers[index % Markers.Length],
        MarkerFillColor = ColorOf(index),
        MarkerSize = MarkerSize,
    });

    /// <summary>The line of series <paramref name="index"/>.</summary>
    public static Scatter AddLine(Plot plot, double[] xs, double[] ys, int index)
    {
        Scatter line = plot.Add.ScatterLine(xs, ys);
        line.Color = ColorOf(index);
        line.LineWidth = LineWidth;
        return line;
    }

    /// <summary>The markers of series <paramref name="index"/>.</summary>
    public static Markers AddMarkers(Plot plot, double[] xs, double[] ys, int index)
    {
        Markers markers = plot.Add.Markers(xs, ys, Markers[index % Markers.Length], MarkerSize);
        markers.Color = ColorOf(index);
        return markers;
    }

    /// <summary>False where the system has no font at all, and so no label can be drawn.</summary>
    public static bool HasFonts => SkiaSharp.SKFontManager.Default.FontFamilyCount > 0;

    // A family that is there and has no serifs; without one the drawing library takes any font it finds.
    private static string Font()
    {
        string[] installed = SkiaSharp.SKFontManager.Default.GetFontFamilies();
        return Families.FirstOrDefault(family => installed.Contains(family, StringComparer.OrdinalIgnoreCase)) ?? Fonts.Default;
    }

    private static Color ColorOf(int index) => Color.FromHex(Palette[index % Palette.Length]);
}
