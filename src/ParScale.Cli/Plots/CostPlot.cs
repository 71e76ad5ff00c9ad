using System.Globalization;
using ParScale.Cli.Cost;
using ParScale.Plots;
using ParScale.ScalingLaws.Plan;
using ScottPlot;

namespace ParScale.Cli.Plots;

/// <summary>Time of a token over memory: one series for each model and format, its points joined by growing P.</summary>
internal static class CostPlot
{
    private const double Margin = 1.15;

    public static Plot Draw(CostResult result)
    {
        Plot plot = PictureStyle.Create($"What a token costs: {result.Device.Title}", "memory at the end of the output", $"time of a token, batch {result.Batch}");
        int index = 0;
        foreach (var series in result.Rows.GroupBy(row => (row.Model, row.Kind == "moe", row.Dtype)))
        {
            CostRow[] rows = [.. series.OrderBy(row => row.Streams)];
            double[] xs = [.. rows.Select(row => Math.Log10(row.MemoryBytes))], ys = [.. rows.Select(row => Math.Log10(row.DecodeMs / 1e3))];
            if (rows.Length > 1) PictureStyle.AddLine(plot, xs, ys, index);
            PictureStyle.AddMarkers(plot, xs, ys, index).LegendText = $"{series.Key.Model} {series.Key.Dtype}";
            if (rows[^1].Streams > 1) AddStreams(plot, rows[^1]);
            index++;
        }
        SetAxes(plot, result.Rows);
        plot.ShowLegend(Alignment.UpperLeft);
        return plot;
    }

    // Of the last one only: the others lie close before it, and that they do is what the picture shows.
    private static void AddStreams(Plot plot, CostRow row)
    {
        var words = plot.Add.Text(string.Create(CultureInfo.InvariantCulture, $"P = {row.Streams}"), Math.Log10(row.MemoryBytes), Math.Log10(row.DecodeMs / 1e3));
        words.LabelAlignment = Alignment.MiddleLeft;
        words.OffsetX = 9;
        words.LabelFontSize = 13;
    }

    private static void SetAxes(Plot plot, IReadOnlyList<CostRow> rows)
    {
        (double left, double right) = (rows.Min(row => row.MemoryBytes) / Margin, rows.Max(row => row.MemoryBytes) * Margin * Margin);
        (double bottom, double top) = (rows.Min(row => row.DecodeMs) / 1e3 / Margin, rows.Max(row => row.DecodeMs) / 1e3 * Margin * Margin);
        plot.Axes.Bottom.TickGenerator = LogTicks.Between(left, right, number => Figures.RoundAmount(PlanLimit.Memory, number));
        plot.Axes.Left.TickGenerator = LogTicks.Between(bottom, top, number => Figures.RoundAmount(PlanLimit.Decode, number));
        plot.Axes.SetLimits(Math.Log10(left), Math.Log10(right), Math.Log10(bottom), Math.Log10(top));
    }
}
