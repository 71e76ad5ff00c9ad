using System.Globalization;
using ParScale.Training.Data.Rows;

namespace ParScale.Training.Data.Preparation;

/// <summary>The rows that are left out, if any may be: the first ten are named on stderr, all are counted.</summary>
internal sealed class SkippedRows(bool allowed, double largestShare)
{
    private const int Named = 10;

    private string? _first;

    public long Count { get; private set; }

    /// <exception cref="ParScaleException"><paramref name="fault"/> itself, where no row may be left out.</exception>
    public void Add(ParScaleException fault)
    {
        if (!allowed) throw fault;
        _first ??= $"{fault.Code}: {fault.Message}";
        if (++Count <= Named) Console.Error.WriteLine($"skipped {fault.Code}: {fault.Message}");
        else if (Count == Named + 1) Console.Error.WriteLine("skipped more: they are counted at the end");
    }

    /// <exception cref="ParScaleException">More than the largest share of all rows is bad: then it is the reading that is wrong, or the data.</exception>
    public void RequireFew(long good, string data)
    {
        double share = Count / (double)Math.Max(1, good + Count);
        if (share <= largestShare) return;
        throw RowLocation.FileError("TD-19", data, string.Create(CultureInfo.InvariantCulture,
            $"{Count} of {good + Count} rows ({100 * share:0.##} %) would be left out, more than --max-bad {largestShare} allows; the first is {_first}"));
    }
}
