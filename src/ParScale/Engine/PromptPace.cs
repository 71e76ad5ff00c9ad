using System.Diagnostics;

namespace ParScale.Engine;

/// <summary>
/// How many rows of prompts a pass may take beside sequences that are writing: as many as make it last about twice as long as a pass
/// without, so that a long prompt slows the others and never stops them. Found while running, since it differs between machines,
/// models and weight types. It decides where prompts are cut and nothing else, and no result depends on that.
/// </summary>
internal sealed class PromptPace
{
    private const int Least = 4;
    private const int First = 8;

    // Between these ratios of a mixed pass to a plain step the number of rows stays as it is.
    private const double TooShort = 1.6, TooLong = 2.1;

    // A caller who steps by hand asks for its next token a moment after it got the last: that long a pause counts as running.
    private const double StepsOfPause = 2;

    private double _step;
    private long _lastStep;
    private double _rows = First;

    /// <summary>Rows of prompts in the next pass, of which <paramref name="stepping"/> sequences take a step, at most <paramref name="most"/>.</summary>
    public int Rows(int stepping, int most)
    {
        bool free = stepping == 0 && (_step == 0 || Stopwatch.GetElapsedTime(_lastStep).TotalSeconds > StepsOfPause * _step);
        return free ? most : Math.Min(most, (int)_rows);
    }

    /// <summary>Learns from a pass.</summary>
    /// <param name="stepping">Sequences that took a step in it.</param>
    /// <param name="pauses">Whether one of them may pause before its next step.</param>
    /// <param name="promptRows">Rows of prompts in it.</param>
    /// <param name="mayGrow">Whether there would have been more rows to take.</param>
    /// <param name="seconds">How long it took.</param>
    public void Learn(int stepping, bool pauses, int promptRows, bool mayGrow, double seconds)
    {
        if (stepping == 0) return;
        if (pauses) _lastStep = Stopwatch.GetTimestamp();
        if (promptRows == 0)
        {
            _step = _step == 0 ? seconds : 0.8 * _step + 0.2 * seconds;
            return;
        }
        if (_step == 0) return;
        double ratio = seconds / _step;
        if (ratio > TooLong) _rows = Math.Max(Least, Math.Min(_rows, promptRows) * Math.Max(0.5, TooLong / ratio));
        else if (ratio < TooShort && mayGrow) _rows = Math.Min(Model.ForwardPass.MostRows, _rows * 1.2);
    }
}
