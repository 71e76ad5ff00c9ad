using System.Globalization;
using ParScale.Plots;
using ParScale.ScalingLaws;
using ParScale.ScalingLaws.Law;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace ParScale.Cli.Plots;

/// <summary>Models of equal loss: a curve for each of some losses, over streams and parameters, up to twice the streams in the data.</summary>
internal static class ContourPlot
{
    private const int Steps = 80;
    private const int Levels = 8;
    private const double Margin = 1.25;
    private const double LabelRoom = 0.45;   // at both sides, in doublings of P

    public static Plot Draw(ScalingLaw law, LossTable table)
    {
        Plot plot = PictureStyle.Create($"Models of equal loss (nats per token): {table.Name}", "P, parallel streams (shaded: no data)", "N, parameters without the embedding");
        (double least, double most) = (table.Points.Min(point => point.N) / Margin, table.Points.Max(point => point.N) * Margin);
        double right = Math.Log2(2.0 * table.MostStreams), edge = Math.Log2(table.MostStreams);
        var limits = new AxisLimits(-LabelRoom, right + LabelRoom, Math.Log10(least), Math.Log10(most));

        Shade(plot, edge + 0.15, limits);
        foreach (double loss in LevelsBetween(law.Loss(most, 2 * table.MostStreams), law.Loss(least, 1))) AddCurve(plot, law, loss, right, limits);
        AddPoints(plot, table);
        plot.Axes.Bottom.TickGenerator = StreamTicks(2 * table.MostStreams);
        plot.Axes.Left.TickGenerator = ParameterTicks.Between(least, most);
        plot.Axes.SetLimits(limits);
        return plot;
    }

    // Where no model was trained.
    private static void Shade(Plot plot, double from, AxisLimits limits)
    {
        var shade = plot.Add.Rectangle(from, limits.Right, limits.Bottom, limits.Top);
        shade.FillColor = Color.FromHex("#f0f0f0");
        shade.LineWidth = 0;
    }

    private static void AddCurve(Plot plot, ScalingLaw law, double loss, double right, AxisLimits limits)
    {
        double plain = law.ParametersForLoss(loss, 1);
        double[] xs = [.. Enumerable.Range(0, Steps + 1).Select(i => right * i / Steps)];
        double[] ys = [.. xs.Select(x => Math.Log10(plain / (1 + (law.K * x * Math.Log(2)))))];
        bool left = HasRoom(ys[0], limits), atRight = HasRoom(ys[^1], limits);
        if (left) AddLabel(plot, loss, xs[0], ys[0], Alignment.MiddleRight);
        if (atRight) AddLabel(plot, loss, xs[^1], ys[^1], Alignment.MiddleLeft);
        if (left || atRight) PictureStyle.AddLine(plot, xs, ys, 0).LineWidth = 1.5f;
    }

    // Half a line of text away from the frame, or a label would be cut.
    private static bool HasRoom(double y, AxisLimits limits)
    {
        double room = 0.025 * (limits.Top - limits.Bottom);
        return y > limits.Bottom + room && y < limits.Top - room;
    }

    private static void AddLabel(Plot plot, double loss, double x, double y, Alignment alignment)
    {
        var label = plot.Add.Text(loss.ToString("0.00##", CultureInfo.InvariantCulture), x, y);
        label.LabelAlignment = alignment;
        label.OffsetX = alignment == Alignment.MiddleLeft ? 5 : -5;
        label.LabelFontSize = 14;
    }

    private static void AddPoints(Plot plot, LossTable table)
    {
        var models = PictureStyle.AddMarkers(plot,
            [.. table.Points.Select(point => Math.Log2(point.P))], [.. table.Points.Select(point => Math.Log10(point.N))], 1);
        models.MarkerSize = 7;
        models.MarkerShape = MarkerShape.FilledCircle;
    }

    // A round step, so that between five and about a dozen curves are drawn.
    private static IEnumerable<double> LevelsBetween(double low, double high)
    {
        double rough = (high - low) / Levels;
        double magnitude = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = magnitude * (rough / magnitude < 1.5 ? 1 : rough / magnitude < 3.5 ? 2 : rough / magnitude < 7.5 ? 5 : 10);
        for (double i = Math.Ceiling(low / step); i * step < high; i++) yield return i * step;
    }

    private static NumericManual StreamTicks(int most)
    {
        var ticks = new NumericManual();
        for (int p = 1; p <= most; p *= 2) ticks.AddMajor(Math.Log2(p), p.ToString(CultureInfo.InvariantCulture));
        return ticks;
    }
}
