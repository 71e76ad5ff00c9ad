namespace ParScale.TestSupport;

/// <summary>The folder <c>shared</c> beside the repository, with files that are not ours to ship; most machines lack it.</summary>
public static class SharedFolder
{
    /// <summary>A folder in it, or null where the machine has none.</summary>
    public static string? Find(params ReadOnlySpan<string> names)
    {
        string relative = Path.Combine(["shared", .. names]);
        for (DirectoryInfo? parent = new(AppContext.BaseDirectory); parent is not null; parent = parent.Parent)
            if (Directory.Exists(Path.Combine(parent.FullName, relative))) return Path.Combine(parent.FullName, relative);
        return null;
    }
}
