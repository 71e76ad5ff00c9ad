using System.Diagnostics;
using System.Globalization;
using ParScale.Cli.Terminals;

namespace ParScale.Cli.Bench;

/// <summary>Share done and time left on standard error: one line redrawn in place, or a line now and then where that cannot be.</summary>
internal sealed class BenchProgress(Terminal terminal) : IProgress<double>, IDisposable
{
    private static readonly TimeSpan Redrawn = TimeSpan.FromMilliseconds(250), Written = TimeSpan.FromSeconds(15);
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _next = TimeSpan.FromSeconds(1);
    private bool _drawn;

    public void Report(double share)
    {
        TimeSpan now = _clock.Elapsed;
        if (terminal.Quiet || now < (terminal.CanRedraw ? _next : _next + Written) || share <= 0) return;
        double left = now.TotalSeconds * (1 - share) / share;
        string text = string.Create(CultureInfo.InvariantCulture, $"bench {100 * share:F0} %, about {left:F0} s left");
        if (terminal.CanRedraw) terminal.Say($"\r{text}\u001b[K");
        else terminal.Note(text);
        _drawn = terminal.CanRedraw;
        _next = terminal.CanRedraw ? now + Redrawn : now;
    }

    public void Dispose()
    {
        if (_drawn) terminal.Say("\r\u001b[K");
        _drawn = false;
    }
}
