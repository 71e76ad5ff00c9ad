using System.Diagnostics;
using System.Globalization;

namespace ParScale.Cli.Terminals;

/// <summary>One line on standard error, redrawn in place: share done and time left. Silent where lines cannot be redrawn.</summary>
internal sealed class Progress(Terminal terminal, string verb, int total) : IProgress<int>, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _next = TimeSpan.FromSeconds(1);
    private bool _drawn;

    public void Report(int value)
    {
        TimeSpan now = _clock.Elapsed;
        if (!terminal.CanRedraw || terminal.Quiet || now < _next || value <= 0) return;
        _next = now + Interval;
        _drawn = true;
        double left = now.TotalSeconds * (total - value) / value;
        terminal.Say(string.Create(CultureInfo.InvariantCulture,
            $"\r{verb} {value} of {total} tokens ({100.0 * value / total:F0} %), {left:F0} s left\u001b[K"));
    }

    public void Dispose()
    {
        if (_drawn) terminal.Say("\r\u001b[K");
    }
}
