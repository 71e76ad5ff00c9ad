using System.Runtime.InteropServices;

namespace ParScale.Kernels.Memory;

/// <summary>
/// Memory outside the managed heap, aligned to 64 bytes, zeroed, freed with the object. May exceed 2 GB. The system gives
/// pages of a large buffer on first use: what is never touched takes no memory.
/// </summary>
internal sealed unsafe class AlignedBuffer : IDisposable
{
    private const nuint Alignment = 64;

    // Where the allocation begins; Start is the first aligned address in it.
    private void* _allocation;

    /// <summary>Takes <paramref name="length"/> bytes.</summary>
    /// <exception cref="OutOfMemoryException">The system has not that much.</exception>
    public AlignedBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        _allocation = NativeMemory.AllocZeroed((nuint)length + Alignment);
        Start = (byte*)(((nuint)_allocation + Alignment - 1) & ~(Alignment - 1));
        GC.AddMemoryPressure(Math.Max(length, 1));
    }

    /// <summary>Frees a buffer that nobody disposed.</summary>
    ~AlignedBuffer() => Free();

    /// <summary>Size in bytes.</summary>
    public long Length { get; }

    internal byte* Start { get; private set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_allocation == null) return;
        NativeMemory.Free(_allocation);
        _allocation = null;
        Start = null;
        GC.RemoveMemoryPressure(Math.Max(Length, 1));
    }
}
