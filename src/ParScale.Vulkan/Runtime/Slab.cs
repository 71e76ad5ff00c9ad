namespace ParScale.Vulkan.Runtime;

/// <summary>One allocation of the driver, of which only some thousands are allowed: many buffers share it.</summary>
internal sealed unsafe class Slab
{
    // In order of their offsets; no two touch.
    private readonly List<(long Offset, long Bytes)> _free;

    public Slab(Silk.NET.Vulkan.Buffer handle, Silk.NET.Vulkan.DeviceMemory memory, Place place, long bytes, ulong address, nint mapped)
    {
        (Handle, Memory, Place, Bytes, Address) = (handle, memory, place, bytes, address);
        Mapped = (byte*)mapped;
        _free = [(0, bytes)];
    }

    public Silk.NET.Vulkan.Buffer Handle { get; }

    public Silk.NET.Vulkan.DeviceMemory Memory { get; }

    public Place Place { get; }

    public long Bytes { get; }

    public ulong Address { get; }

    /// <summary>Null where the host does not see it.</summary>
    public byte* Mapped { get; }

    /// <summary>Whether no buffer lies in it.</summary>
    public bool IsEmpty => _free.Count == 1 && _free[0].Bytes == Bytes;

    /// <summary>Takes a piece; its offset, or null where no free piece is as large.</summary>
    public long? Take(long bytes)
    {
        int place = _free.FindIndex(piece => piece.Bytes >= bytes);
        if (place < 0) return null;
        (long offset, long size) = _free[place];
        if (size == bytes) _free.RemoveAt(place);
        else _free[place] = (offset + bytes, size - bytes);
        return offset;
    }

    /// <summary>Gives a piece back.</summary>
    public void Return(long offset, long bytes)
    {
        int place = _free.FindIndex(piece => piece.Offset > offset);
        if (place < 0) place = _free.Count;
        _free.Insert(place, (offset, bytes));
        Join(place);
        if (place > 0) Join(place - 1);
    }

    // With the piece behind it, where that begins at its end.
    private void Join(int place)
    {
        if (place + 1 == _free.Count || _free[place].Offset + _free[place].Bytes != _free[place + 1].Offset) return;
        _free[place] = (_free[place].Offset, _free[place].Bytes + _free[place + 1].Bytes);
        _free.RemoveAt(place + 1);
    }
}
