using System.Diagnostics;
using System.Globalization;

namespace ParScale.Training.Data.Preparation;

/// <summary>
/// Progress on stderr: a line that is refreshed on a terminal, else a line now and then. <paramref name="totalBytes"/> is null where
/// compressed files do not tell.
/// </summary>
internal sealed class PreparationProgress(long? totalBytes)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly bool _refresh = !Console.IsErrorRedirected;
    private long _bytes;
    private double _next = 1;

    public double Seconds => _clock.Elapsed.TotalSeconds;

    /// <summary>Counts what was done since the last call.</summary>
    public void Advance(long bytes, long documents, long tokens)
    {
        _bytes += bytes;
        if (Seconds < _next) return;
        _next = Seconds + (_refresh ? 0.5 : 10);
        string text = Describe(Math.Min(_bytes, totalBytes ?? _bytes), totalBytes, documents, tokens, Seconds);
        Console.Error.Write(_refresh ? $"\r{text}\u001b[K" : text + "\n");
    }

    /// <summary>Leaves the refreshed line.</summary>
    public void End()
    {
        if (_refresh && _next > 1) Console.Error.WriteLine();
    }

    internal static string Describe(long bytes, long? total, long documents, long tokens, double seconds)
    {
        string done = string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6 / Math.Max(seconds, 1e-9):F1} MB/s  {documents} documents  {tokens} tokens");
        if (total is not { } all) return string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:F1} MB  {done}");
        double left = bytes > 0 ? seconds * (all - bytes) / bytes : 0;
        long eta = (long)Math.Min(left, 3.6e9 - 1);
        double share = all > 0 ? 100.0 * bytes / all : 100;
        return string.Create(CultureInfo.InvariantCulture, $"{share:F1} % of {all / 1e6:F1} MB  {done}")
            + string.Create(CultureInfo.InvariantCulture, $"  ETA {eta / 3600}:{eta / 60 % 60:00}:{eta % 60:00}");
    }
}
