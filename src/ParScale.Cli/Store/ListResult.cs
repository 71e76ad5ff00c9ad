namespace ParScale.Cli.Store;

/// <summary>The JSON of <c>parscale list</c>.</summary>
/// <param name="Cache">The folder of the hub's cache.</param>
/// <param name="Store">The folder of what was made from fetched models.</param>
/// <param name="Bytes">Bytes of all rows; what models share is counted with each of them.</param>
/// <param name="Models">The models, by name.</param>
internal sealed record ListResult(string Cache, string Store, long Bytes, IReadOnlyList<ListRow> Models);

/// <summary>A model on this machine.</summary>
internal sealed record ListRow
{
    /// <summary>Its name on the hub, with the revision where that is not <c>main</c>; or the path of the folder that a quantised copy was made from.</summary>
    public required string Name { get; init; }

    /// <summary>The hub's commit; null for a copy of another folder.</summary>
    public required string? Commit { get; init; }

    /// <summary><c>fetched</c>, or what is kept of it: <c>q8</c>, <c>q4</c>, or <c>streams</c> without their backbone.</summary>
    public required string Kind { get; init; }

    /// <summary>Parallel streams P; null when that cannot be read.</summary>
    public required int? Streams { get; init; }

    /// <summary>What its weights are stored in; null when that cannot be read.</summary>
    public required string? Dtype { get; init; }

    public required long Bytes { get; init; }

    public required DateTimeOffset LastUsed { get; init; }

    /// <summary>Files that it needs and that are not there: a fetch that was cut short.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>Whether it was made from something that is no longer here: it will not be used again.</summary>
    public bool Stale { get; init; }

    public required string Folder { get; init; }
}
