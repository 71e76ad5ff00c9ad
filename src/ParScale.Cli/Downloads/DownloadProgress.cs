using System.Globalization;
using ParScale.Cli.Terminals;
using ParScale.Hub;
using ParScale.ScalingLaws.Plan;

namespace ParScale.Cli.Downloads;

/// <summary>One line for all files of a fetch: bytes, share, speed and time left. Silent where lines cannot be redrawn.</summary>
internal sealed class DownloadProgress(Terminal terminal, ModelName name) : IProgress<HubProgress>, IDisposable
{
    private const int BarCells = 24;

    private readonly ProgressLine _line = new(terminal);

    public void Report(HubProgress value) => _line.Draw(Text(name, value));

    /// <summary>The line.</summary>
    public static string Text(ModelName name, HubProgress value)
    {
        double share = value.BytesTotal == 0 ? 1 : Math.Clamp((double)value.BytesDone / value.BytesTotal, 0, 1);
        int full = (int)(share * BarCells);
        string bar = new string('#', full) + new string('.', BarCells - full);
        string left = value.TimeLeft is { } time ? $", {Clock(time)} left" : "";
        string waits = value.Waiting ? ", another process is fetching it" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{name} [{bar}] {100 * share:F0} % of {Figures.Bytes(value.BytesTotal)}, {Figures.Bytes(value.BytesPerSecond)}/s{left}{waits}");
    }

    public void Dispose() => _line.Dispose();

    private static string Clock(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:00}");
}
