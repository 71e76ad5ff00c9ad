namespace ParScale.Checkpoints.Safetensors;

/// <summary>One tensor for <see cref="SafetensorsWriter"/>.</summary>
/// <param name="Name">A name that no other tensor of the file has.</param>
/// <param name="Type">The element type.</param>
/// <param name="Shape">The axes, outermost first; at most 8.</param>
/// <param name="WriteTo">Writes exactly the tensor's bytes, little-endian, row-major.</param>
public sealed record TensorToWrite(string Name, TensorType Type, long[] Shape, Action<Stream> WriteTo)
{
    /// <summary>A tensor whose bytes are already in memory.</summary>
    public TensorToWrite(string name, TensorType type, long[] shape, ReadOnlyMemory<byte> data)
        : this(name, type, shape, stream => stream.Write(data.Span))
    {
    }
}
