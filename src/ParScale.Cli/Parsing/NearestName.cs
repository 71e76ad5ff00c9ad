namespace ParScale.Cli.Parsing;

/// <summary>Finds what a typing error was meant to be.</summary>
internal static class NearestName
{
    private const int LongestTyped = 64;

    /// <summary>The known name closest to <paramref name="typed"/>, or null when none is close.</summary>
    public static string? Find(string typed, IEnumerable<string> known)
    {
        int letters = typed.TrimStart('-').Length;
        if (letters is 0 or > LongestTyped) return null;
        string? best = null;
        int bestDistance = int.MaxValue;
        foreach (string name in known)
        {
            bool begins = letters >= 2 && name.StartsWith(typed, StringComparison.OrdinalIgnoreCase);
            int distance = begins ? 1 : EditDistance.Between(typed.ToLowerInvariant(), name.ToLowerInvariant());
            if (distance < bestDistance) (best, bestDistance) = (name, distance);
        }
        return bestDistance <= Math.Clamp(letters / 3, 1, 3) ? best : null;
    }
}
