namespace ParScale.Files;

/// <summary>
/// Absolute paths with <c>..</c> taken as the system takes it: <c>link/..</c> is the folder that holds the target of the link, not the one
/// that holds the link. <see cref="Path.GetFullPath(string)"/> only looks at the letters, and names another place behind a link; every
/// call of .NET that takes a path goes through it.
/// </summary>
internal static class SystemPath
{
    private const int MostLinks = 40;

    /// <summary>The path from the root, without <c>.</c> and <c>..</c>; links that no <c>..</c> follows stay. Nothing need be there.</summary>
    /// <exception cref="IOException">Links lead back to themselves.</exception>
    public static string Full(string path) => Walk(path, throughLinks: false);

    /// <summary>The same without any link.</summary>
    /// <exception cref="IOException">Links lead back to themselves.</exception>
    public static string Real(string path) => Walk(path, throughLinks: true);

    /// <summary>A path that .NET opens as the system opens <paramref name="path"/>: the same where it has no <c>..</c>, else <see cref="Full"/>.</summary>
    public static string WithoutDots(string path)
    {
        try
        {
            return path.Split('/').Contains("..") ? Full(path) : path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Whoever opens the path meets the same reason, and tells it.
            return path;
        }
    }

    private static string Walk(string path, bool throughLinks)
    {
        // Windows itself takes ".." by its letters, before it looks at links.
        if (OperatingSystem.IsWindows()) return Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        const string root = "/";
        var left = new Stack<string>();
        Push(left, Path.Combine(Environment.CurrentDirectory, path));
        string at = root;
        int links = 0;
        while (left.TryPop(out string? part))
        {
            if (part == ".") continue;
            if (part == "..")
            {
                at = Path.GetDirectoryName(throughLinks ? at : Real(at)) ?? root;
                continue;
            }
            string next = Path.Combine(at, part);
            string? target = throughLinks ? new FileInfo(next).LinkTarget : null;
            if (target is null)
            {
                at = next;
                continue;
            }
            if (++links > MostLinks) throw new IOException($"{ParScaleException.Quote(path)} leads through more than {MostLinks} links");
            if (Path.IsPathRooted(target)) at = root;
            Push(left, target);
        }
        return at;
    }

    private static void Push(Stack<string> left, string path)
    {
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse()) left.Push(part);
    }
}
