using System.Globalization;
using ParScale.Plots;

namespace ParScale.Training.Reporting;

/// <summary>The curves of one run, or of several beside each other, as one picture.</summary>
internal static class CurvePicture
{
    /// <summary>More curves in one plot cannot be told apart.</summary>
    public const int MostRuns = 12;

    private const int Columns = 2;
    private const int MostStreamsApart = 6;
    private const string Nats = "nats per token";

    /// <summary>Draws all plots for which the runs have figures.</summary>
    public static PictureGrid Draw(IReadOnlyList<RunCurves> runs)
    {
        CurvePanel[] panels = runs.Count == 1 ? [.. Single(runs[0])] : [.. Several(runs)];
        return new PictureGrid([.. panels.Where(panel => panel.HasCurves).Select(panel => panel.Draw())], Columns);
    }

    private static IEnumerable<CurvePanel> Single(RunCurves run)
    {
        var loss = new CurvePanel("Loss", Nats) { SkipsTheStart = true };
        loss.Add("training", 3, run.Points(row => row.TrainLoss));
        loss.Add("validation", 0, run.Points(row => row.ValLossPerToken));
        var rate = new CurvePanel("Learning rate", "learning rate") { Legend = false };
        rate.Add("", 1, run.Points(row => row.LearningRate));
        var norm = new CurvePanel("Gradient", "norm before clipping") { Legend = false, SkipsTheStart = true };
        norm.Add("", 1, run.Points(row => row.GradientNorm));
        var speed = new CurvePanel("Speed", "tokens/s") { Legend = false };
        speed.Add("", 1, run.Points(row => row.TokensPerSecond));
        return [loss, rate, StreamsAlone(run), StreamsTogether(run), Elastic(run), norm, speed];
    }

    private static CurvePanel StreamsAlone(RunCurves run)
    {
        // Losses themselves would lie on top of each other.
        var panel = new CurvePanel("Loss of each stream alone", "nats above the mixed streams") { SkipsTheStart = true };
        int streams = run.Rows.Max(row => row.Streams?.Losses.Length ?? 0);
        if (streams > MostStreamsApart)
        {
            panel.Add("worst", 0, run.Points(row => row.Streams?.Losses.Max() - row.ValLossPerToken));
            panel.Add("mean", 1, run.Points(row => row.Streams?.Losses.Average() - row.ValLossPerToken));
            panel.Add("best", 3, run.Points(row => row.Streams?.Losses.Min() - row.ValLossPerToken));
            return panel;
        }
        for (int p = 0; p < streams; p++)
        {
            int stream = p;
            string name = string.Create(CultureInfo.InvariantCulture, $"stream {p + 1}");
            panel.Add(name, p, run.Points(row => row.Streams?.Losses.ElementAtOrDefault(stream) - row.ValLossPerToken));
        }
        return panel;
    }

    private static CurvePanel Elastic(RunCurves run)
    {
        var panel = new CurvePanel("Validation loss by number of streams", Nats) { SkipsTheStart = true };
        int[] counts = [.. run.Rows.SelectMany(row => row.Elastic ?? []).Select(cut => cut.Streams).Distinct().Order()];
        for (int i = 0; i < counts.Length; i++)
        {
            int count = counts[i];
            panel.Add(string.Create(CultureInfo.InvariantCulture, $"P = {count}"), i, run.Points(row => row.Elastic?.FirstOrDefault(cut => cut.Streams == count)?.Loss));
        }
        return panel;
    }

    private static CurvePanel StreamsTogether(RunCurves run)
    {
        var panel = new CurvePanel("The streams beside each other", "share");
        panel.Add("rho", 0, run.Points(row => row.Streams?.Rho));
        panel.Add("cosine", 1, run.Points(row => row.Streams?.Cosine));
        panel.Add("entropy", 2, run.Points(row => row.Streams?.WeightEntropy));
        panel.Add("balance", 3, run.Points(row => row.Streams?.WeightBalance));
        return panel;
    }

    private static IEnumerable<CurvePanel> Several(IReadOnlyList<RunCurves> runs)
    {
        (CurvePanel Panel, Func<LogRow, double?> Value)[] panels =
        [
            (new CurvePanel("Validation loss", Nats) { SkipsTheStart = true }, row => row.ValLossPerToken),
            (new CurvePanel("Training loss", Nats) { SkipsTheStart = true, Legend = false }, row => row.TrainLoss),
            (new CurvePanel("Cosine of the streams' final states", "cosine") { Legend = false }, row => row.Streams?.Cosine),
            (new CurvePanel("Correlation of the streams' residuals", "rho") { Legend = false }, row => row.Streams?.Rho),
            (new CurvePanel("Gradient", "norm before clipping") { Legend = false, SkipsTheStart = true }, row => row.GradientNorm),
            (new CurvePanel("Speed", "tokens/s") { Legend = false }, row => row.TokensPerSecond),
        ];
        foreach ((CurvePanel panel, Func<LogRow, double?> value) in panels)
        {
            for (int i = 0; i < runs.Count; i++) panel.Add(Shortened(runs[i].Name), i, runs[i].Points(value));
        }
        return panels.Select(panel => panel.Panel);
    }

    private static string Shortened(string name) => name.Length <= 24 ? name : name[..11] + "…" + name[^12..];
}
