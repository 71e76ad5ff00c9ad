using System.Globalization;
using ParScale.Text;
using ParScale.Training.Evaluation;

namespace ParScale.Training.Reporting;

/// <summary>Progress on stderr: one refreshed line on a terminal, else a plain line per row.</summary>
internal sealed class ProgressLine(long steps)
{
    /// <summary>999999:59:59, in seconds.</summary>
    private const double LongestShown = 3.6e9 - 1;

    private readonly bool _refresh = !Console.IsErrorRedirected;

    public void Show(LogRow row)
    {
        string validation = row.ValLossPerToken is null ? "" : string.Create(CultureInfo.InvariantCulture,
            $"  val {row.ValLossPerToken:F4} ({row.ValLossPerCharacter:F4}/char)");
        string text = string.Create(CultureInfo.InvariantCulture,
            $"step {row.Step}/{steps}  loss {row.TrainLoss:F4}{validation}  lr {row.LearningRate:E2}  ")
            + Speed(row);
        if (row.Streams is { } streams) text += $"  {Describe(streams)}";
        if (row.Elastic is { } elastic)
            text += $"  {string.Join(' ', elastic.Select(cut => string.Create(CultureInfo.InvariantCulture, $"P{cut.Streams} {cut.Loss:F4}")))}";
        if (!_refresh) Console.Error.WriteLine(text);
        else if (row.ValLossPerToken is null) Console.Error.Write($"\r{text}\u001b[K");
        else Console.Error.WriteLine($"\r{text}\u001b[K");
    }

    /// <summary>Shows what the model wrote; control codes in it could steer the terminal and are replaced.</summary>
    public static void Show(SampleRow sample)
    {
        string text = ScreenText.Of(sample.Prompt + sample.Text).Replace("\n", "\n  ", StringComparison.Ordinal);
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"sample at step {sample.Step}:\n  {text}"));
    }

    // Nothing is timed yet behind the first step, also that of a resumed run.
    private string Speed(LogRow row)
    {
        if (row.TokensPerSecond <= 0) return "ETA ?";
        double left = (steps - row.Step) * (double)row.Tokens / row.Step / row.TokensPerSecond;
        long seconds = (long)Math.Min(left, LongestShown);
        return string.Create(CultureInfo.InvariantCulture,
            $"{row.TokensPerSecond:F0} tokens/s{Share(row)}  ETA {seconds / 3600}:{seconds / 60 % 60:00}:{seconds % 60:00}");
    }

    private static string Share(LogRow row) => row.ShareOfPeak is { } share
        ? string.Create(CultureInfo.InvariantCulture, $" ({100 * share:F0} % of peak)") : "";

    private static string Describe(StreamReport streams) => string.Create(CultureInfo.InvariantCulture,
        $"streams {streams.Losses.Min():F4}..{streams.Losses.Max():F4} rho {streams.Rho:F4} cosine {streams.Cosine:F3} ")
        + string.Create(CultureInfo.InvariantCulture, $"weights {streams.WeightEntropy:F3} balance {streams.WeightBalance:F3}");
}
