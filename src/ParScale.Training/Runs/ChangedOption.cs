namespace ParScale.Training.Runs;

/// <summary>An option of a run whose value in a checkpoint is not the one asked for now; both as JSON.</summary>
internal sealed record ChangedOption(string Name, string There, string Now)
{
    /// <summary>For a message; hashes say nothing to a reader.</summary>
    public override string ToString() => Name.EndsWith("_sha256", StringComparison.Ordinal)
        ? $"{Name[..^"_sha256".Length]} is another"
        : $"{Name} is {There} there and {Now} now";
}
