using System.Diagnostics;

namespace ParScale.Hub.Transfer;

/// <summary>Adds up what all files of a fetch report, and passes it on a few times a second, from one thread at a time.</summary>
/// <param name="target">Who wants to know; may be null.</param>
/// <param name="bytes">Bytes of all files.</param>
/// <param name="files">Number of files.</param>
internal sealed class ProgressMeter(IProgress<HubProgress>? target, long bytes, int files)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Queue<(TimeSpan Time, long Received)> _samples = new();
    private long _done;
    private long _received;
    private int _filesDone;
    private int _waiting;
    private TimeSpan _next;

    /// <summary>Counts bytes that were there before.</summary>
    public void AddKept(long count) => Report(() => _done += count);

    /// <summary>Counts bytes that came now.</summary>
    public void AddReceived(long count) => Report(() => (_done, _received) = (_done + count, _received + count));

    /// <summary>Takes back bytes that have to come again.</summary>
    public void Discard(long count) => Report(() => _done -= count);

    public void AddFile() => Report(() => _filesDone++, always: true);

    /// <summary>Counts those who wait for another process.</summary>
    public void Wait(bool waits) => Report(() => _waiting += waits ? 1 : -1);

    private void Report(Action change, bool always = false)
    {
        lock (_lock)
        {
            change();
            TimeSpan now = _clock.Elapsed;
            if (target is null || (now < _next && !always)) return;
            _next = now + Interval;
            _samples.Enqueue((now, _received));
            while (_samples.Peek().Time < now - Window) _samples.Dequeue();
            (TimeSpan start, long before) = _samples.Peek();
            double seconds = (now - start).TotalSeconds;
            double speed = seconds > 0 ? (_received - before) / seconds : 0;
            target.Report(new HubProgress(_done, bytes, _filesDone, files, speed) { Waiting = _waiting > 0 });
        }
    }
}
