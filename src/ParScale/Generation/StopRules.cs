using System.Text;

namespace ParScale.Generation;

/// <summary>Watches the text for stop texts, and holds back an end that could still become one.</summary>
internal sealed class StopRules(IReadOnlyList<string> stops)
{
    private readonly StringBuilder _held = new();

    /// <summary>Takes new text and gives what is safe to show. Nothing follows once <see cref="Stopped"/> is set.</summary>
    public string Append(string text)
    {
        if (stops.Count == 0) return text;
        if (Stopped || text.Length == 0) return "";
        string all = _held.Append(text).ToString();
        _held.Clear();

        int found = stops.Select(stop => all.IndexOf(stop, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(-1).Min();
        if (found >= 0)
        {
            Stopped = true;
            return all[..found];
        }
        int hold = stops.Max(stop => LongestStart(all, stop));
        _held.Append(all, all.Length - hold, hold);
        return all[..^hold];
    }

    /// <summary>A stop text has appeared.</summary>
    public bool Stopped { get; private set; }

    /// <summary>What was held back, when no more text comes.</summary>
    public string Flush()
    {
        string rest = Stopped ? "" : _held.ToString();
        _held.Clear();
        return rest;
    }

    // How many characters at the end of the text are a beginning of the stop text.
    private static int LongestStart(string text, string stop)
    {
        for (int length = Math.Min(text.Length, stop.Length - 1); length > 0; length--)
            if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length))) return length;
        return 0;
    }
}
