using ParScale.Kernels.Formats;
using ParScale.Quantization;

namespace ParScale.Store;

/// <summary>A folder that was made from a model and kept for the next start.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Model">The model's name on the hub, or the path of a folder.</param>
/// <param name="Commit">The hub's commit; null for other folders.</param>
/// <param name="Dtype">What its weights are quantised to; null when it holds streams alone, in floats.</param>
/// <param name="Bytes">Bytes of all its files.</param>
/// <param name="LastUsed">When a model was last loaded from it.</param>
/// <param name="Source">The folder that it was made from; of streams the backbone, which they need.</param>
public sealed record KeptFolder(string Path, string Model, string? Commit, WeightDtype? Dtype, long Bytes, DateTimeOffset LastUsed, string Source)
{
    /// <summary><c>q8</c>, <c>q4</c> or <c>streams</c>.</summary>
    public string Kind => Dtype is { } type ? QuantizedFolder.Name(type) : "streams";
}
