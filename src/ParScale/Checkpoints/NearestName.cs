namespace ParScale.Checkpoints;

/// <summary>Finds what a misspelt name was probably meant to be.</summary>
internal static class NearestName
{
    private const int LongestCompared = 128;
    private const int MostCompared = 10_000;

    /// <summary>
    /// The candidate with the fewest edits to <paramref name="name"/>, or null when none is within <paramref name="within"/>.
    /// Names come from files, so their number and length are bounded: beyond 10,000 candidates or 128 characters none is compared.
    /// </summary>
    public static string? Find(string name, IEnumerable<string> candidates, int within)
    {
        if (name.Length > LongestCompared) return null;
        string? nearest = null;
        int fewest = within + 1;
        foreach (string candidate in candidates.Take(MostCompared))
        {
            if (candidate.Length > LongestCompared || Math.Abs(candidate.Length - name.Length) >= fewest) continue;
            int edits = EditDistance.Between(name, candidate);
            if (edits >= fewest) continue;
            fewest = edits;
            nearest = candidate;
        }
        return nearest;
    }
}
