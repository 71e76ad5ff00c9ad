using System.Globalization;
using ParScale.Training.Data.Rows;

namespace ParScale.Training.Data.Preparation;

/// <summary>The rows that are left out, if any may be: the first ten are named on stderr, all are counted.</summary>
internal sealed class SkippedRows(bool allowed, double largestShare)
{
    private const int Named = 10;

    private readonly Dictionary<string, long> _byCode = [];

    public long Count { get; private set; }

    /// <exception cref="ParScaleException">No row may be left out: <paramref name="fault"/>, with what to do about it.</exception>
    public void Add(ParScaleException fault, bool isRow)
    {
        if (!allowed) throw new ParScaleException(fault.Kind, fault.Code, $"{fault.Message}; fix it{(isRow ? ", or leave such rows out with --skip-bad" : "")}", fault);
        _byCode[fault.Code] = _byCode.GetValueOrDefault(fault.Code) + 1;
        if (++Count <= Named) Console.Error.WriteLine($"skipped {fault.Code}: {fault.Message}");
        else if (Count == Named + 1) Console.Error.WriteLine("skipped more: they are counted at the end");
    }

    /// <exception cref="ParScaleException">More than the largest share of all rows is bad: then it is the reading that is wrong, or the data.</exception>
    public void RequireFew(long good, string data)
    {
        double share = Count / (double)Math.Max(1, good + Count);
        if (share <= largestShare) return;
        throw RowLocation.FileError("TD-19", data, string.Create(CultureInfo.InvariantCulture,
            $"{Count} of {good + Count} rows ({100 * share:0.##} %) would be left out, more than --max-bad {largestShare} allows; fix the rows, correct the flags if rows were read as the wrong kind, or allow more with --max-bad: ")
            + string.Join(", ", _byCode.OrderByDescending(kind => kind.Value).Select(kind => $"{kind.Value} are {kind.Key}")));
    }
}
