namespace ParScale.Vulkan.Runtime;

/// <summary>Where a buffer lies.</summary>
internal enum Place
{
    /// <summary>On the device, out of the host's sight.</summary>
    Device,

    /// <summary>Written by the host, read by the device.</summary>
    ToDevice,

    /// <summary>Written by the device, read by the host.</summary>
    FromDevice,
}

/// <summary>A piece of a slab of memory. Shaders get its address: no descriptors, and no limit on what one may span.</summary>
internal sealed unsafe class DeviceBuffer
{
    internal DeviceBuffer(Slab slab, long offset, long bytes, DeviceBuffer? whole = null)
    {
        (Slab, Offset, Bytes) = (slab, offset, bytes);
        Whole = whole ?? this;
    }

    /// <summary>The buffer that this is a part of, or itself: what recordings order their commands by.</summary>
    public DeviceBuffer Whole { get; }

    /// <summary>Bytes asked for.</summary>
    public long Bytes { get; }

    /// <summary>What shaders get; a multiple of <see cref="DeviceMemory.Alignment"/>, of whole buffers.</summary>
    public ulong Address => Slab.Address + (ulong)Offset;

    /// <summary>Whether the host sees it.</summary>
    public bool IsMapped => Slab.Mapped != null;

    internal Slab Slab { get; }

    internal long Offset { get; }

    /// <summary>The part from a byte on. It is not freed by itself.</summary>
    public DeviceBuffer From(long offset)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)offset, (ulong)Bytes);
        return new DeviceBuffer(Slab, Offset + offset, Bytes - offset, Whole);
    }

    /// <summary>What the host sees. Only of buffers that are mapped.</summary>
    public Span<T> Span<T>() where T : unmanaged
    {
        if (!IsMapped) throw new InvalidOperationException("the host does not see this buffer");
        return new Span<T>(Slab.Mapped + Offset, checked((int)(Bytes / sizeof(T))));
    }
}
