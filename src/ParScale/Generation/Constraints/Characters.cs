namespace ParScale.Generation.Constraints;

/// <summary>A set of Unicode characters, as sorted ranges of code points without surrogates.</summary>
internal sealed class Characters
{
    private const int Last = 0x10FFFF, FirstSurrogate = 0xD800, LastSurrogate = 0xDFFF;

    // How many bits of a code point the bytes after the first hold, for encodings of one to four bytes; and the last code point of each.
    private static readonly int[] Limits = [0x7F, 0x7FF, 0xFFFF, Last];

    private readonly List<(int First, int Last)> _ranges;

    private Characters(IEnumerable<(int First, int Last)> ranges)
    {
        _ranges = [];
        foreach ((int first, int last) in ranges.SelectMany(WithoutSurrogates).OrderBy(range => range.First))
        {
            if (_ranges.Count > 0 && first <= _ranges[^1].Last + 1) _ranges[^1] = (_ranges[^1].First, Math.Max(last, _ranges[^1].Last));
            else _ranges.Add((first, last));
        }
    }

    /// <summary>Every character.</summary>
    public static Characters All { get; } = new([(0, Last)]);

    /// <summary>The characters from one code point to another.</summary>
    public static Characters Range(int first, int last) => new([(first, last)]);

    /// <summary>Each character of a text.</summary>
    public static Characters Of(string text) => new(text.EnumerateRunes().Select(rune => (rune.Value, rune.Value)));

    /// <summary>Characters that are in either set.</summary>
    public static Characters operator |(Characters a, Characters b) => new([.. a._ranges, .. b._ranges]);

    /// <summary>Characters of the first set that are not in the second.</summary>
    public static Characters operator -(Characters a, Characters b)
    {
        var left = new List<(int, int)>();
        foreach ((int first, int last) in a._ranges)
        {
            int from = first;
            foreach ((int cutFirst, int cutLast) in b._ranges)
            {
                if (cutLast < from || cutFirst > last) continue;
                if (cutFirst > from) left.Add((from, cutFirst - 1));
                from = cutLast + 1;
            }
            if (from <= last) left.Add((from, last));
        }
        return new Characters(left);
    }

    /// <summary>Characters that are in both sets.</summary>
    public static Characters operator &(Characters a, Characters b) => a - (All - b);

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => _ranges.Count == 0;

    /// <summary>The code points, in order.</summary>
    public IEnumerable<int> CodePoints => _ranges.SelectMany(range => Enumerable.Range(range.First, range.Last - range.First + 1));

    /// <summary>One of the characters, in UTF-8.</summary>
    public Grammar InUtf8()
    {
        var ascii = default(ByteSet);
        var choices = new List<Grammar>();
        foreach ((int first, int last) in _ranges)
        {
            int from = first;
            for (int length = 0; length < Limits.Length; length++)
            {
                int to = Math.Min(last, Limits[length]);
                if (from > to) continue;
                if (length == 0) ascii |= ByteSet.Range(from, to);
                else choices.AddRange(Tails(from, to, length).Select(Sets));
                from = to + 1;
            }
        }
        if (!ascii.Equals(default)) choices.Add(Grammar.Byte(ascii));
        return Grammar.Any([.. choices]);
    }

    // Code points of one length of encoding, as boxes: a range for each byte, so that every combination is meant.
    private static IEnumerable<(int First, int Last)[]> Tails(int first, int last, int after)
    {
        if (after == 0)
        {
            yield return [(first, last)];
            yield break;
        }
        int low = (1 << (6 * after)) - 1;
        if (first >> (6 * after) == last >> (6 * after))
        {
            int head = first >> (6 * after);
            foreach ((int, int)[] rest in Tails(first & low, last & low, after - 1)) yield return [(head, head), .. rest];
            yield break;
        }
        if ((first & low) != 0)
        {
            foreach ((int, int)[] box in Tails(first, first | low, after)) yield return box;
            first = (first | low) + 1;
        }
        int end = (last & low) == low ? last : (last & ~low) - 1;
        if (first <= end)
            yield return [(first >> (6 * after), end >> (6 * after)), .. Enumerable.Repeat((0, 0x3F), after)];
        if (end < last)
        {
            foreach ((int, int)[] box in Tails(end + 1, last, after)) yield return box;
        }
    }

    private static Grammar Sets((int First, int Last)[] box)
    {
        // The first byte of an encoding tells its length by its leading ones.
        int lead = box.Length switch { 2 => 0xC0, 3 => 0xE0, _ => 0xF0 };
        return Grammar.All([.. box.Select((range, i) => Grammar.Byte(ByteSet.Range((i == 0 ? lead : 0x80) + range.First, (i == 0 ? lead : 0x80) + range.Last)))]);
    }

    private static IEnumerable<(int First, int Last)> WithoutSurrogates((int First, int Last) range)
    {
        if (range.First < FirstSurrogate) yield return (range.First, Math.Min(range.Last, FirstSurrogate - 1));
        if (range.Last > LastSurrogate) yield return (Math.Max(range.First, LastSurrogate + 1), range.Last);
    }
}
