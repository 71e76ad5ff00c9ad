using System.Runtime.InteropServices;

namespace ParScale.Kernels.Memory;

/// <summary>Memory outside the managed heap that grows and never shrinks; its contents are lost when it grows.</summary>
internal sealed unsafe class Scratch : IDisposable
{
    private const nuint Alignment = 64;
    private byte* _start;
    private nuint _length;

    /// <summary>Frees memory that nobody disposed of.</summary>
    ~Scratch() => Free();

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>At least <paramref name="bytes"/> bytes, aligned to 64, not cleared. Valid until the next call.</summary>
    internal byte* Take(long bytes)
    {
        if ((nuint)bytes <= _length) return _start;
        nuint length = Math.Max((nuint)bytes, 2 * _length);
        Free();
        _start = (byte*)NativeMemory.AlignedAlloc(length, Alignment);
        _length = length;
        return _start;
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_start);
        _start = null;
        _length = 0;
    }
}
