using System.Runtime.InteropServices;

namespace ParScale.Kernels.Memory;

/// <summary>Memory outside the managed heap, aligned to 64 bytes, zeroed, freed with the object. May exceed 2 GB.</summary>
internal sealed unsafe class AlignedBuffer : IDisposable
{
    private const nuint Alignment = 64;
    private byte* _start;

    /// <summary>Takes <paramref name="length"/> bytes.</summary>
    /// <exception cref="OutOfMemoryException">The system has not that much.</exception>
    public AlignedBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        _start = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(length, 1), Alignment);
        NativeMemory.Clear(_start, (nuint)length);
        GC.AddMemoryPressure(Math.Max(length, 1));
    }

    /// <summary>Frees a buffer that nobody disposed.</summary>
    ~AlignedBuffer() => Free();

    /// <summary>Size in bytes.</summary>
    public long Length { get; }

    internal byte* Start => _start;

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_start == null) return;
        NativeMemory.AlignedFree(_start);
        _start = null;
        GC.RemoveMemoryPressure(Math.Max(Length, 1));
    }
}
