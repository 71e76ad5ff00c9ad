namespace ParScale.Checkpoints.Safetensors;

/// <summary>The one place where a shape from a file becomes a number of bytes.</summary>
public static class TensorSize
{
    /// <summary>Bytes of a tensor: element size times the product of <paramref name="shape"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An axis is negative.</exception>
    /// <exception cref="OverflowException">The product does not fit 63 bits.</exception>
    public static long Bytes(TensorType type, ReadOnlySpan<long> shape)
    {
        long bytes = type.ByteSize();
        foreach (long axis in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(axis, nameof(shape));
            bytes = checked(bytes * axis);
        }
        return bytes;
    }
}
