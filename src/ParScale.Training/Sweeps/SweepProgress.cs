using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using ParScale.Training.Configuration;

namespace ParScale.Training.Sweeps;

/// <summary>
/// What a sweep says on standard error: a line when a run begins or ends and, between, where the runs stand: one refreshed line on a
/// terminal, else a line every half minute. The time left comes from the operations done so far in this call.
/// </summary>
internal sealed partial class SweepProgress
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(30);

    private readonly bool _refresh = !Console.IsErrorRedirected;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (RunEstimate Size, double First, double At, string Line)> _running = [];
    private readonly int _runs;
    private int _done;
    private double _left;
    private double _worked;
    private TimeSpan _shown = -Between;

    /// <summary><paramref name="done"/> of <paramref name="runs"/> were finished before; <paramref name="left"/> operations remain.</summary>
    public SweepProgress(int runs, int done, double left) => (_runs, _done, _left) = (runs, done, left);

    /// <summary>A run begins.</summary>
    public void Begin(string name, RunEstimate size)
    {
        lock (_gate)
        {
            _running[name] = (size, -1, 0, "");
            Say($"{Counts()}  {name} begins");
        }
    }

    /// <summary>A run said something.</summary>
    public void Take(string name, string line)
    {
        Match match = Step().Match(line);
        if (!match.Success) return;
        lock (_gate)
        {
            (RunEstimate size, double first, _, _) = _running[name];
            double at = double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) / double.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
            // Steps of earlier calls took no time in this one.
            _running[name] = (size, first < 0 ? at : first, at, line);
            if (!_refresh && _clock.Elapsed - _shown < Between) return;
            _shown = _clock.Elapsed;
            string where = string.Join(" | ", _running.Select(run => $"{run.Key} {run.Value.Line}"));
            string text = $"{Counts()}  ETA {Left()}  {where}";
            if (_refresh) Console.Error.Write($"\r{text[..Math.Min(text.Length, Math.Max(20, Console.WindowWidth - 1))]}\u001b[K");
            else Console.Error.WriteLine(text);
        }
    }

    /// <summary>A run has ended.</summary>
    public void End(string name, bool finished, string outcome)
    {
        lock (_gate)
        {
            if (_running.Remove(name, out var run))
            {
                _left -= run.Size.Flops;
                _worked += run.Size.Flops * ((finished ? 1 : run.At) - Math.Max(0, run.First));
            }
            if (finished) _done++;
            Say($"{Counts()}  {name} {outcome}");
        }
    }

    [GeneratedRegex(@"^step (\d+)/(\d+)")]
    private static partial Regex Step();

    private string Counts() => string.Create(CultureInfo.InvariantCulture, $"{_done}/{_runs} runs");

    private string Left()
    {
        double worked = _worked + _running.Values.Sum(run => run.Size.Flops * (run.At - Math.Max(0, run.First)));
        double left = _left - _running.Values.Sum(run => run.Size.Flops * run.At);
        double seconds = left / worked * _clock.Elapsed.TotalSeconds;
        if (!double.IsFinite(seconds) || seconds > TimeSpan.MaxValue.TotalSeconds / 2) return "?";
        var time = TimeSpan.FromSeconds(Math.Max(0, seconds));
        return string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}");
    }

    private void Say(string text) => Console.Error.WriteLine(_refresh ? $"\r{text}\u001b[K" : text);
}
