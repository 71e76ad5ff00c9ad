using System.Buffers;

namespace ParScale.Hub;

/// <summary>Names of files that come from outside, judged by the rules of POSIX and Windows together on every system.</summary>
internal static class HubPath
{
    private const int LongestPart = 255;
    private const int LongestPath = 1024;
    private static readonly SearchValues<char> Refused = SearchValues.Create("\\:*?\"<>|");

    /// <summary>
    /// Whether a name would leave the folder that it is put into, on some system: <c>../x</c>, <c>/x</c>, <c>C:\x</c>, <c>D:x</c>, <c>\x</c>,
    /// <c>\\host\x</c>, and with them empty parts and control characters. A hub that lists one is not to be trusted with the others.
    /// </summary>
    public static bool Escapes(string path) =>
        path.Length == 0 || path.Contains('\\', StringComparison.Ordinal) || path.Any(char.IsControl) || (path.Length > 1 && path[1] == ':')
        || path.Split('/').Any(part => part is "" or "." or "..");

    /// <summary>Whether a relative path with <c>/</c> names the same file on every system, and one inside the folder.</summary>
    public static bool IsPortable(string path) =>
        path.Length is > 0 and <= LongestPath && !Escapes(path) && path.Split('/').All(IsPortableName);

    private static bool IsPortableName(string name) =>
        name.Length <= LongestPart && !name.AsSpan().ContainsAny(Refused) && name[^1] is not ('.' or ' ') && name[0] != ' '
        && !IsDevice(name.Split('.')[0].TrimEnd());

    private static bool IsDevice(string stem)
    {
        string upper = stem.ToUpperInvariant();
        if (upper is "CON" or "PRN" or "AUX" or "NUL" or "CONIN$" or "CONOUT$") return true;
        return upper.Length == 4 && (upper.StartsWith("COM", StringComparison.Ordinal) || upper.StartsWith("LPT", StringComparison.Ordinal))
            && (char.IsDigit(upper[3]) || upper[3] is '¹' or '²' or '³');
    }
}
