using System.Globalization;
using ParScale.Plots;
using ParScale.ScalingLaws.Plan;
using ScottPlot;

namespace ParScale.Cli.Plots;

/// <summary>Predicted loss over memory or time: what holds the limits, its front, the limit, the winner.</summary>
internal static class PlanPlot
{
    private const double Margin = 1.12, LossMargin = 0.06;

    /// <summary>Draws the models over what <paramref name="axis"/> limits.</summary>
    public static Plot Draw(PlanResult result, PlanLimit axis)
    {
        string label = Figures.Name(axis) + (axis == PlanLimit.Prefill ? "" : " at full context");
        Plot plot = PictureStyle.Create($"Predicted loss over {Figures.Name(axis)}", label, "loss, nats per token");
        double limit = Planner.Allowed(result.Request, axis);
        AxisLimits limits = LimitsOf(result, axis, limit);
        List<PlanChoice> front = Front(result, axis);

        AddLimit(plot, axis, limit, limits);
        PictureStyle.AddLine(plot, [.. front.Select(choice => X(axis, choice))], [.. front.Select(choice => choice.Loss)], 0).LineWidth = 1.2f;
        for (int index = 0; index < result.Request.Streams.Count; index++) AddStreams(plot, result, axis, front, index);
        AddBeyond(plot, result, axis, limits);
        if (result.Winner is { } winner) AddRing(plot, axis, winner, "best: ", MarkerShape.OpenCircle);
        if (result.Published is { } published) AddRing(plot, axis, published, "published: ", MarkerShape.OpenSquare);
        plot.Axes.Bottom.TickGenerator =
            LogTicks.Between(Math.Pow(10, limits.Left), Math.Pow(10, limits.Right), number => Figures.RoundAmount(axis, number));
        plot.Axes.SetLimits(limits);
        plot.ShowLegend(Alignment.UpperRight);
        return plot;
    }

    private static double X(PlanLimit axis, PlanChoice choice) => Math.Log10(Planner.Need(axis, choice));

    private static AxisLimits LimitsOf(PlanResult result, PlanLimit axis, double limit)
    {
        double[] needs = [.. result.Ranked.Select(choice => Planner.Need(axis, choice))];
        double[] losses = [.. result.Ranked.Select(choice => choice.Loss)];
        // Beside the limit some room, to see what lies just beyond it, unless it is far away.
        double right = needs.Max() * Margin;
        if (limit < 8 * needs.Max()) right = Math.Max(right, limit * 1.5);
        double room = Math.Max((losses.Max() - losses.Min()) * LossMargin, 0.005);
        return new AxisLimits(Math.Log10(needs.Min() / Margin), Math.Log10(right), losses.Min() - 2.5 * room, losses.Max() + room);
    }

    private static void AddBeyond(Plot plot, PlanResult result, PlanLimit axis, AxisLimits limits)
    {
        PlanChoice[] beyond = [.. result.All.Except(result.Ranked).Where(choice => limits.Contains(X(axis, choice), choice.Loss))];
        if (beyond.Length == 0) return;
        double[] xs = [.. beyond.Select(choice => X(axis, choice))], ys = [.. beyond.Select(choice => choice.Loss)];
        var markers = plot.Add.Markers(xs, ys, MarkerShape.OpenCircle, 6);
        markers.Color = Color.FromHex("#9a9a9a");
        markers.LegendText = "beyond a limit, any P";
    }

    private static void AddLimit(Plot plot, PlanLimit axis, double limit, AxisLimits limits)
    {
        if (!double.IsFinite(limit) || Math.Log10(limit) > limits.Right) return;
        PictureStyle.AddLine(plot, [Math.Log10(limit), Math.Log10(limit)], [limits.Bottom, limits.Top], 5);
        var words = plot.Add.Text($"limit {Figures.Amount(axis, limit)}", Math.Log10(limit), limits.Bottom);
        words.LabelAlignment = Alignment.LowerRight;
        words.LabelBackgroundColor = Colors.White;
        words.OffsetX = -6;
        words.OffsetY = -6;
        words.LabelFontSize = 14;
    }

    // What nothing beats in loss and in this one need; the tables hold the front over all of them.
    private static List<PlanChoice> Front(PlanResult result, PlanLimit axis)
    {
        List<PlanChoice> front = [];
        foreach (PlanChoice choice in result.Ranked.OrderBy(choice => Planner.Need(axis, choice)).ThenBy(choice => choice.Loss))
            if (front.Count == 0 || choice.Loss < front[^1].Loss) front.Add(choice);
        return front;
    }

    // Those on the front large, the others small.
    private static void AddStreams(Plot plot, PlanResult result, PlanLimit axis, List<PlanChoice> front, int index)
    {
        int streams = result.Request.Streams[index];
        foreach (var group in result.Ranked.Where(choice => choice.Streams == streams).GroupBy(front.Contains))
        {
            var markers = PictureStyle.AddMarkers(plot, [.. group.Select(choice => X(axis, choice))], [.. group.Select(choice => choice.Loss)], index);
            if (!group.Key) markers.MarkerSize = 5;
        }
        PictureStyle.AddLegend(plot, string.Create(CultureInfo.InvariantCulture, $"P = {streams}"), index);
    }

    private static void AddRing(Plot plot, PlanLimit axis, PlanChoice choice, string before, MarkerShape shape)
    {
        var ring = plot.Add.Marker(X(axis, choice), choice.Loss, shape, 17, Colors.Black);
        ring.LegendText = before + Figures.Name(choice);
    }
}
