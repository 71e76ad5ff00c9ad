using ParScale.Plots;
using ParScale.Training.Evaluation;
using ScottPlot;

namespace ParScale.Training.Reporting;

/// <summary>The loss against mean streams per token, a line for each gate.</summary>
internal static class GatePicture
{
    public static Plot Draw(GateCurves curves)
    {
        Plot plot = PictureStyle.Create("Streams at some tokens only", "mean streams per token", "nats per token");
        double[] streams = [.. curves.Points.Select(point => point.MeanStreams)];
        (string Name, Func<GatePoint, double> Loss)[] gates =
        [
            ("by entropy", point => point.Entropy),
            ("by chance", point => point.Random),
            ("by an oracle", point => point.Oracle),
            ("by a learned router", point => point.Router),
        ];
        for (int i = 0; i < gates.Length; i++)
        {
            double[] losses = [.. curves.Points.Select(gates[i].Loss)];
            PictureStyle.AddLine(plot, streams, losses, i);
            PictureStyle.AddMarkers(plot, streams, losses, i);
            PictureStyle.AddLegend(plot, gates[i].Name, i);
        }
        plot.ShowLegend(Alignment.UpperRight);
        return plot;
    }
}
