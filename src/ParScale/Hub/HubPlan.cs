namespace ParScale.Hub;

/// <summary>What a fetch will do: the commit that a name stands for, and its files that this library reads.</summary>
/// <param name="Name">What was asked for.</param>
/// <param name="Commit">The commit its revision stands for now.</param>
/// <param name="Files">The files, in the order of their paths.</param>
public sealed record HubPlan(ModelName Name, string Commit, IReadOnlyList<HubFile> Files)
{
    /// <summary>Bytes of all files.</summary>
    public long Bytes => Files.Sum(file => file.Bytes);

    /// <summary>Bytes that are not in the cache yet.</summary>
    public long BytesToFetch => Files.Sum(file => file.Bytes - file.BytesCached);

    /// <summary>Names of optional files that the repository does not have.</summary>
    internal IReadOnlyList<string> Absent { get; init; } = [];
}
