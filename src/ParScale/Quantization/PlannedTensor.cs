using ParScale.Checkpoints.Safetensors;

namespace ParScale.Quantization;

/// <summary>A tensor of the file to be written.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Shape">Its axes.</param>
internal sealed record PlannedTensor(string Name, TensorType Type, long[] Shape)
{
    /// <summary>Bytes of data.</summary>
    public long Bytes => TensorSize.Bytes(Type, Shape);
}
