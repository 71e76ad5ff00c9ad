using System.Globalization;
using System.Text;

namespace ParScale.Text.PreTokenizers;

/// <summary>A set of Unicode code points: what one character of an expression may be.</summary>
internal sealed class CodePointSet
{
    private const int AsciiCount = 128;
    private const int BasicPlane = 0x10000;
    private const byte Member = 1, Stranger = 2;

    // Scripts.txt of Unicode 16: .NET tells categories and no scripts, and this is the only one that expressions of models name.
    private static readonly (int First, int Last)[] Han =
    [
        (0x2E80, 0x2E99), (0x2E9B, 0x2EF3), (0x2F00, 0x2FD5), (0x3005, 0x3005), (0x3007, 0x3007), (0x3021, 0x3029), (0x3038, 0x303B), (0x3400, 0x4DBF),
        (0x4E00, 0x9FFF), (0xF900, 0xFA6D), (0xFA70, 0xFAD9), (0x16FE2, 0x16FE3), (0x16FF0, 0x16FF1), (0x20000, 0x2A6DF), (0x2A700, 0x2B739), (0x2B740, 0x2B81D),
        (0x2B820, 0x2CEA1), (0x2CEB0, 0x2EBE0), (0x2EBF0, 0x2EE5D), (0x2F800, 0x2FA1D), (0x30000, 0x3134A), (0x31350, 0x323AF),
    ];

    private readonly bool[] _ascii;
    private readonly Func<int, bool> _contains;

    // What was found out so far of the basic plane, from the first question on: a class may list hundreds of ranges.
    private byte[]? _known;

    private CodePointSet(Func<int, bool> contains)
    {
        _contains = contains;
        _ascii = [.. Enumerable.Range(0, AsciiCount).Select(contains)];
    }

    private static CodePointSet HanScript { get; } = new(value => Han.Any(range => value >= range.First && value <= range.Last));

    /// <summary><c>\s</c>: Unicode's White_Space.</summary>
    public static CodePointSet WhiteSpace { get; } = new(value => Rune.IsWhiteSpace(new Rune(value)));

    /// <summary>The code points from <paramref name="first"/> to <paramref name="last"/>.</summary>
    public static CodePointSet Range(int first, int last) => new(value => value >= first && value <= last);

    /// <summary>The code points that are in one of the sets.</summary>
    public static CodePointSet Union(IReadOnlyList<CodePointSet> sets) =>
        sets.Count == 1 ? sets[0] : new(value => sets.Any(set => set._contains(value)));

    /// <summary>The code points that are in both sets.</summary>
    public static CodePointSet Intersection(CodePointSet a, CodePointSet b) => new(value => a._contains(value) && b._contains(value));

    /// <summary>Those of a general category, or of the script <c>Han</c>; null for any other property.</summary>
    public static CodePointSet? Property(string name) => name == "Han" ? HanScript : Category(name);

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
