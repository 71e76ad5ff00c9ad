namespace ParScale.Checkpoints.Safetensors;

/// <summary>One tensor of a safetensors file, checked against the file's length.</summary>
/// <param name="Name">Its name, such as <c>model.norm.weight</c>.</param>
/// <param name="Type">The element type.</param>
/// <param name="Shape">The axes, outermost first; empty for a single number. Not to be changed.</param>
/// <param name="Offset">Where its data starts, in bytes from the start of the file; not always aligned.</param>
/// <param name="ByteLength">Bytes of data: the product of the axes times the element size.</param>
public sealed record TensorInfo(string Name, TensorType Type, long[] Shape, long Offset, long ByteLength);
