using System.Globalization;
using System.Text;

namespace ParScale.Text.PreTokenizers;

/// <summary>A set of Unicode code points: what one character of an expression may be.</summary>
internal sealed class CodePointSet
{
    private const int AsciiCount = 128;
    private const int BasicPlane = 0x10000;
    private const byte Member = 1, Stranger = 2;
    private readonly bool[] _ascii;
    private readonly Func<int, bool> _contains;

    // What was found out so far of the basic plane, from the first question on: a class may list hundreds of ranges.
    private byte[]? _known;

    private CodePointSet(Func<int, bool> contains)
    {
        _contains = contains;
        _ascii = [.. Enumerable.Range(0, AsciiCount).Select(contains)];
    }

    /// <summary><c>\s</c>: Unicode's White_Space.</summary>
    public static CodePointSet WhiteSpace { get; } = new(value => Rune.IsWhiteSpace(new Rune(value)));

    /// <summary>The code points from <paramref name="first"/> to <paramref name="last"/>.</summary>
    public static CodePointSet Range(int first, int last) => new(value => value >= first && value <= last);

    /// <summary>The code points that are in one of the sets.</summary>
    public static CodePointSet Union(IReadOnlyList<CodePointSet> sets) =>
        sets.Count == 1 ? sets[0] : new(value => sets.Any(set => set._contains(value)));

    /// <summary>Those of the general category <paramref name="name"/>, such as <c>Lu</c> or <c>L</c>; null for any other property.</summary>
    public static CodePointSet? Category(string name)
    {
        UnicodeCategory[] found = [.. Enum.GetValues<UnicodeCategory>().Where(category => NameOf(category).StartsWith(name, StringComparison.Ordinal))];
        if (name.Length is 0 or > 2 || found.Length == 0) return null;
        uint mask = found.Aggregate(0u, (bits, category) => bits | (1u << (int)category));
        return new(value => (mask & (1u << (int)CategoryOf(value))) != 0);
    }

    /// <summary>All code points but these.</summary>
    public CodePointSet Complement() => new(value => !_contains(value));

    /// <summary>The set with the other case of its ASCII letters, and the two signs outside ASCII that fold to them: long s and Kelvin.</summary>
    public CodePointSet IgnoringCase()
    {
        const int LongS = 0x17F, Kelvin = 0x212A, CaseBit = 0x20;
        return new(value => value switch
        {
            LongS => _contains('s') || _contains('S'),
            Kelvin => _contains('k') || _contains('K'),
            < AsciiCount when char.IsAsciiLetter((char)value) => _contains(value) || _contains(value ^ CaseBit),
            _ => _contains(value),
        });
    }

    /// <summary>Whether the set has the code point.</summary>
    public bool Contains(int codePoint)
    {
        if (codePoint < AsciiCount) return _ascii[codePoint];
        if (codePoint >= BasicPlane) return _contains(codePoint);
        byte[] known = _known ??= new byte[BasicPlane];
        if (known[codePoint] == 0) known[codePoint] = _contains(codePoint) ? Member : Stranger;
        return known[codePoint] == Member;
    }

    private static UnicodeCategory CategoryOf(int value) => CharUnicodeInfo.GetUnicodeCategory(value);

    // Unicode's two-letter names, in the order of the enumeration.
    private static string NameOf(UnicodeCategory category)
    {
        const string Names = "LuLlLtLmLoMnMcMeNdNlNoZsZlZpCcCfCsCoPcPdPsPePiPfPoSmScSkSoCn";
        return Names.Substring(2 * (int)category, 2);
    }
}
