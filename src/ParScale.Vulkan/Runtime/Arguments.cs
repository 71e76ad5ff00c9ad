using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ParScale.Vulkan.Runtime;

/// <summary>How a command uses a buffer.</summary>
[Flags]
internal enum Access
{
    Read = 1,
    Write = 2,
    Update = Read | Write,
}

/// <summary>
/// What a shader gets: pointers first, then numbers, in the order of its push constants. A pointer comes in only together with the way it is
/// used, so a recording knows what every command reads and writes.
/// </summary>
internal sealed class Arguments
{
    /// <summary>Every device takes at least this much.</summary>
    public const int MostBytes = 128;

    private readonly byte[] _bytes = new byte[MostBytes];
    private readonly List<(DeviceBuffer Buffer, Access Access)> _uses = [];
    private readonly List<Access> _pointers = [];
    private int _length;

    /// <summary>The bytes so far.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>The buffers behind the pointers, and those behind pointers that lie in buffers.</summary>
    public IReadOnlyList<(DeviceBuffer Buffer, Access Access)> Uses => _uses;

    /// <summary>How the shader uses each pointer, in their order.</summary>
    public IReadOnlyList<Access> Pointers => _pointers;

    /// <summary>A pointer that the shader reads through; null for one that it leaves alone.</summary>
    public Arguments Read(DeviceBuffer? buffer) => Pointer(buffer, Access.Read);

    /// <summary>A pointer that the shader writes through; null for one that it leaves alone.</summary>
    public Arguments Write(DeviceBuffer? buffer) => Pointer(buffer, Access.Write);

    /// <summary>A pointer that the shader reads and writes through; null for one that it leaves alone.</summary>
    public Arguments Update(DeviceBuffer? buffer) => Pointer(buffer, Access.Update);

    /// <summary>A buffer that the shader reaches through a pointer in another buffer.</summary>
    public Arguments Reaches(DeviceBuffer buffer, Access access)
    {
        _uses.Add((buffer, access));
        return this;
    }

    /// <summary>A number.</summary>
    public Arguments Number(int value) => Add(checked((uint)value));

    /// <summary>A number.</summary>
    public Arguments Number(float value) => Add(value);

    private Arguments Pointer(DeviceBuffer? buffer, Access access)
    {
        if (_length % sizeof(ulong) != 0) throw new InvalidOperationException("pointers come before numbers");
        _pointers.Add(access);
        if (buffer is not null) _uses.Add((buffer, access));
        return Add(buffer?.Address ?? 0);
    }

    private Arguments Add<T>(T value) where T : unmanaged
    {
        MemoryMarshal.Write(_bytes.AsSpan(_length), in value);
        _length += Unsafe.SizeOf<T>();
        return this;
    }
}
