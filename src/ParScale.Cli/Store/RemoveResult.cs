namespace ParScale.Cli.Store;

/// <summary>The JSON of <c>parscale rm</c>.</summary>
/// <param name="FreedBytes">Bytes that are free now; files that other revisions use stay.</param>
/// <param name="Removed">What was removed.</param>
internal sealed record RemoveResult(long FreedBytes, IReadOnlyList<RemovedModel> Removed);

/// <summary>One snapshot or copy that was removed.</summary>
/// <param name="Name">The model.</param>
/// <param name="Commit">The hub's commit; null for a copy of a folder.</param>
/// <param name="Kind"><c>fetched</c>, or what was kept of it: <c>q8</c>, <c>q4</c>, <c>streams</c>.</param>
internal sealed record RemovedModel(string Name, string? Commit, string Kind);
