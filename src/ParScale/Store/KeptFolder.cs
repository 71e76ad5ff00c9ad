using ParScale.Kernels.Formats;

namespace ParScale.Store;

/// <summary>A quantised folder that was kept for the next start.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Model">Name on the hub of what it was made from, or the path of a folder.</param>
/// <param name="Commit">The hub's commit that it was made from; null for other folders.</param>
/// <param name="Dtype">Its weights.</param>
/// <param name="Bytes">Bytes of all its files.</param>
/// <param name="LastUsed">When a model was last loaded from it.</param>
public sealed record KeptFolder(string Path, string Model, string? Commit, WeightDtype Dtype, long Bytes, DateTimeOffset LastUsed);
