using System.Globalization;
using ParScale.Plots;
using ParScale.ScalingLaws;
using ParScale.ScalingLaws.Law;
using ScottPlot;

namespace ParScale.Cli.Plots;

/// <summary>Loss over parameters: a curve and the data for each number of streams.</summary>
internal static class LossPlot
{
    private const int Steps = 60;

    public static Plot Draw(ScalingLaw law, LossTable table)
    {
        Plot plot = PictureStyle.Create($"Loss over size: {table.Name}", "N, parameters without the embedding", "loss, nats per token");
        (double least, double most) = (table.Points.Min(point => point.N) / 1.15, table.Points.Max(point => point.N) * 1.15);
        double[] sizes = [.. Enumerable.Range(0, Steps + 1).Select(i => least * Math.Pow(most / least, i / (double)Steps))];
        double[] xs = [.. sizes.Select(Math.Log10)];

        int index = 0;
        foreach (IGrouping<int, LossPoint> streams in table.Points.GroupBy(point => point.P).OrderBy(group => group.Key))
        {
            PictureStyle.AddLine(plot, xs, [.. sizes.Select(n => law.Loss(n, streams.Key))], index);
            PictureStyle.AddMarkers(plot, [.. streams.Select(point => Math.Log10(point.N))], [.. streams.Select(point => point.Loss)], index);
            PictureStyle.AddLegend(plot, string.Create(CultureInfo.InvariantCulture, $"P = {streams.Key}"), index++);
        }
        plot.Axes.Bottom.TickGenerator = ParameterTicks.Between(least, most);
        plot.Axes.SetLimitsX(xs[0], xs[^1]);
        plot.ShowLegend(Alignment.UpperRight);
        return plot;
    }
}
