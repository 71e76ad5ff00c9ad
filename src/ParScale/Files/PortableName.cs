using System.Buffers;

namespace ParScale.Files;

/// <summary>Names of files that come from outside, judged by the rules of POSIX and Windows together on every system.</summary>
internal static class PortableName
{
    private const int Longest = 255;
    private static readonly SearchValues<char> Refused = SearchValues.Create("/\\:*?\"<>|");

    /// <summary>
    /// Whether a name is one file in its folder on every system: no separators, drives, streams, wildcards, control characters or device
    /// names, and no dots or spaces that Windows drops.
    /// </summary>
    public static bool IsPortable(string name) =>
        name.Length is > 0 and <= Longest && !name.AsSpan().ContainsAny(Refused) && !name.Any(char.IsControl)
        && name[0] != ' ' && name[^1] is not ('.' or ' ') && !IsDevice(name.Split('.')[0].TrimEnd());

    private static bool IsDevice(string stem)
    {
        string upper = stem.ToUpperInvariant();
        if (upper is "CON" or "PRN" or "AUX" or "NUL" or "CONIN$" or "CONOUT$") return true;
        return upper.Length == 4 && (upper.StartsWith("COM", StringComparison.Ordinal) || upper.StartsWith("LPT", StringComparison.Ordinal))
            && (char.IsDigit(upper[3]) || upper[3] is '¹' or '²' or '³');
    }
}
