using System.Diagnostics;
using System.Globalization;

namespace ParScale.Cli.Terminals;

/// <summary>One line on standard error, redrawn in place: share done and time left. Silent where lines cannot be redrawn.</summary>
internal sealed class ProgressLine(Terminal terminal) : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _next = TimeSpan.FromSeconds(1);
    private bool _drawn;

    /// <summary>Shows what was done, and which share of the whole that is, 0 to 1; not more often than can be read.</summary>
    public void Draw(string done, double share)
    {
        if (share <= 0) return;
        double left = _clock.Elapsed.TotalSeconds * (1 - share) / share;
        Draw(string.Create(CultureInfo.InvariantCulture, $"{done} ({100 * share:F0} %), {left:F0} s left"));
    }

    /// <summary>Shows a line; not more often than can be read.</summary>
    public void Draw(string line)
    {
        TimeSpan now = _clock.Elapsed;
        if (!terminal.CanRedraw || terminal.Quiet || now < _next) return;
        _next = now + Interval;
        _drawn = true;
        terminal.Say($"\r{line}\u001b[K");
    }

    public void Dispose()
    {
        if (_drawn) terminal.Say("\r\u001b[K");
    }
}
