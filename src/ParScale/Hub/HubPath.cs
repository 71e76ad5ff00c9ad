using ParScale.Files;

namespace ParScale.Hub;

/// <summary>Paths of files that a hub names, with <c>/</c> between their parts.</summary>
internal static class HubPath
{
    private const int Longest = 1024;

    /// <summary>
    /// Whether a name would leave the folder that it is put into, on some system: <c>../x</c>, <c>/x</c>, <c>C:\x</c>, <c>D:x</c>, <c>\x</c>,
    /// <c>\\host\x</c>, and with them empty parts and control characters. A hub that lists one is not to be trusted with the others.
    /// </summary>
    public static bool Escapes(string path) =>
        path.Length == 0 || path.Contains('\\', StringComparison.Ordinal) || path.Any(char.IsControl) || (path.Length > 1 && path[1] == ':')
        || path.Split('/').Any(part => part is "" or "." or "..");

    /// <summary>Whether a relative path names the same file on every system, and one inside the folder.</summary>
    public static bool IsPortable(string path) => path.Length is > 0 and <= Longest && !Escapes(path) && path.Split('/').All(PortableName.IsPortable);
}
