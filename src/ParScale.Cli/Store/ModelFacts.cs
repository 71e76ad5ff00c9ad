using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Quantization;

namespace ParScale.Cli.Store;

/// <summary>What a table says about a model folder; only headers are read.</summary>
/// <param name="Streams">P; null when the folder holds no model that this program reads.</param>
/// <param name="Dtype">What its weights are stored in; null likewise.</param>
internal sealed record ModelFacts(int? Streams, string? Dtype)
{
    /// <summary>Those of a folder.</summary>
    public static ModelFacts Of(string folder)
    {
        try
        {
            using var checkpoint = Checkpoint.Open(folder);
            TensorType stored = checkpoint.Get(ModelTensors.EmbeddingName).Info.Type;
            return new ModelFacts(checkpoint.Config.Streams.Count,
                checkpoint.Config.QuantizedType is { } type ? QuantizedFolder.Name(type) : stored.ToString().ToLowerInvariant());
        }
        catch (Exception e) when (e is ParScaleException or IOException or UnauthorizedAccessException)
        {
            return new ModelFacts(null, null);
        }
    }
}
