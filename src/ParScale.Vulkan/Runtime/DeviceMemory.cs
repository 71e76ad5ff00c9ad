using Silk.NET.Vulkan;
using static ParScale.Vulkan.Runtime.VulkanError;

namespace ParScale.Vulkan.Runtime;

/// <summary>The memory of one device: slabs of the driver, and buffers in them. For one thread at a time.</summary>
internal sealed unsafe class DeviceMemory : IDisposable
{
    /// <summary>Buffers begin at multiples of this.</summary>
    public const int Alignment = 256;

    // Large enough that few are needed, small enough that the last one wastes little.
    private const long DeviceSlab = 64 << 20, HostSlab = 4 << 20;

    // A buffer of which a slab has no room for four is an allocation of its own. Every driver allows 4096, of which half are left for slabs.
    private const long Large = DeviceSlab / 4;
    private const int MostLarge = 2048;

    private readonly Vk _vk;
    private readonly Device _device;
    private readonly MemoryPropertyFlags[] _types;
    private readonly bool _spills;
    private readonly List<Slab> _slabs = [];
    private Takings? _takings;
    private bool _abandoned;

    /// <param name="vk">The functions.</param>
    /// <param name="physical">The driver's device.</param>
    /// <param name="device">The same, opened.</param>
    /// <param name="largestAllocation">Most bytes of an allocation.</param>
    /// <param name="spills">Whether a heap that is full leaves the others, which are as good: those of the machine's memory.</param>
    public DeviceMemory(Vk vk, PhysicalDevice physical, Device device, long largestAllocation, bool spills)
    {
        (_vk, _device, _spills, LargestBuffer) = (vk, device, spills, largestAllocation / Alignment * Alignment);
        vk.GetPhysicalDeviceMemoryProperties(physical, out PhysicalDeviceMemoryProperties properties);
        _types = new MemoryPropertyFlags[properties.MemoryTypeCount];
        for (int i = 0; i < _types.Length; i++) _types[i] = properties.MemoryTypes[i].PropertyFlags;
    }

    /// <summary>Bytes that slabs take.</summary>
    public long Bytes => _slabs.Sum(slab => slab.Bytes);

    /// <summary>Allocations of the driver.</summary>
    public int Slabs => _slabs.Count;

    /// <summary>The largest buffer that the driver allows.</summary>
    public long LargestBuffer { get; }

    /// <summary>Takes a buffer, whose content is not defined.</summary>
    /// <exception cref="ParScaleException">VK-02: it is larger than the driver allows, or there is no memory left.</exception>
    public DeviceBuffer Allocate(long bytes, Place place = Place.Device)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        long size = RoundUp(bytes);
        foreach (Slab slab in _slabs)
            if (slab.Place == place && slab.Take(size) is { } offset) return Taken(new DeviceBuffer(slab, offset, bytes));
        if (size > LargestBuffer)
            throw new ParScaleException(ErrorKind.NotEnoughMemory, "VK-02", $"a buffer of {size} bytes is asked for, the driver allows {LargestBuffer}");
        long least = place != Place.Device ? HostSlab : size > Large && _slabs.Count < MostLarge ? size : DeviceSlab;
        Slab added = NewSlab(Math.Min(LargestBuffer, Math.Max(size, least)), place);
        _slabs.Add(added);
        return Taken(new DeviceBuffer(added, added.Take(size)!.Value, bytes));
    }

    /// <summary>
    /// What is taken from here on is given back when the result is disposed of, unless that was told to keep it: for what takes many buffers, of which a
    /// later one may find no memory. One at a time.
    /// </summary>
    public Takings AllOrNothing() => _takings = new Takings(this);

    /// <summary>Gives a buffer back. No work that uses it may be under way.</summary>
    public void Free(DeviceBuffer buffer)
    {
        if (_abandoned) return;
        _takings?.Buffers.Remove(buffer);
        Slab slab = buffer.Slab;
        slab.Return(buffer.Offset, RoundUp(buffer.Bytes));
        if (!slab.IsEmpty) return;
        _slabs.Remove(slab);
        Free(slab);
    }

    /// <summary>From now on nothing is given back: a device that hangs may still write.</summary>
    public void Abandon() => _abandoned = true;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Slab slab in _slabs) Free(slab);
        _slabs.Clear();
    }

    private DeviceBuffer Taken(DeviceBuffer buffer)
    {
        _takings?.Buffers.Add(buffer);
        return buffer;
    }

    private static long RoundUp(long bytes) => checked(Math.Max(bytes, 1) + Alignment - 1) / Alignment * Alignment;

    private void Free(Slab slab)
    {
        _vk.DestroyBuffer(_device, slab.Handle, null);
        _vk.FreeMemory(_device, slab.Memory, null);
    }

    private Slab NewSlab(long bytes, Place place)
    {
        var info = new BufferCreateInfo
        {
            SType = StructureType.BufferCreateInfo,
            Size = (ulong)bytes,
            Usage = BufferUsageFlags.StorageBufferBit | BufferUsageFlags.ShaderDeviceAddressBit | BufferUsageFlags.TransferSrcBit | BufferUsageFlags.TransferDstBit,
        };
        Check(_vk.CreateBuffer(_device, in info, null, out Silk.NET.Vulkan.Buffer handle));
        Silk.NET.Vulkan.DeviceMemory memory = default;
        try
        {
            _vk.GetBufferMemoryRequirements(_device, handle, out MemoryRequirements needs);
            var addresses = new MemoryAllocateFlagsInfo { SType = StructureType.MemoryAllocateFlagsInfo, Flags = MemoryAllocateFlags.DeviceAddressBit };
            Result taken = Result.ErrorOutOfDeviceMemory;
            foreach (int type in Types(_types, needs.MemoryTypeBits, place, _spills))
            {
                var allocate = new MemoryAllocateInfo
                {
                    SType = StructureType.MemoryAllocateInfo,
                    PNext = &addresses,
                    AllocationSize = needs.Size,
                    MemoryTypeIndex = (uint)type,
                };
                taken = _vk.AllocateMemory(_device, in allocate, null, out memory);
                if (taken != Result.ErrorOutOfDeviceMemory) break;
            }
            Check(taken, nameof(_vk.AllocateMemory));
            Check(_vk.BindBufferMemory(_device, handle, memory, 0));
            void* mapped = null;
            if (place != Place.Device) Check(_vk.MapMemory(_device, memory, 0, Vk.WholeSize, 0, &mapped));
            var asked = new BufferDeviceAddressInfo { SType = StructureType.BufferDeviceAddressInfo, Buffer = handle };
            return new Slab(handle, memory, place, bytes, _vk.GetBufferDeviceAddress(_device, in asked), (nint)mapped);
        }
        catch
        {
            _vk.DestroyBuffer(_device, handle, null);
            if (memory.Handle != 0) _vk.FreeMemory(_device, memory, null);
            throw;
        }
    }

    /// <summary>
    /// The first type that has what is wanted, or only what is needed: drivers list the better ones first. With <paramref name="spills"/> all that have what
    /// is needed, in that order.
    /// </summary>
    /// <exception cref="ParScaleException">VK-03: there is none.</exception>
    internal static int[] Types(IReadOnlyList<MemoryPropertyFlags> types, uint allowed, Place place, bool spills)
    {
        (MemoryPropertyFlags needed, MemoryPropertyFlags wanted) = place switch
        {
            Place.Device => (MemoryPropertyFlags.None, MemoryPropertyFlags.DeviceLocalBit),
            Place.ToDevice => (MemoryPropertyFlags.HostVisibleBit | MemoryPropertyFlags.HostCoherentBit, MemoryPropertyFlags.None),
            Place.FromDevice => (MemoryPropertyFlags.HostVisibleBit | MemoryPropertyFlags.HostCoherentBit, MemoryPropertyFlags.HostCachedBit),
            _ => throw new ArgumentOutOfRangeException(nameof(place)),
        };
        int[] found = [.. Enumerable.Range(0, types.Count).Where(i => (allowed >> i & 1) != 0 && types[i].HasFlag(needed)).OrderBy(i => !types[i].HasFlag(wanted))];
        if (found.Length > 0) return spills ? found : found[..1];
        throw new ParScaleException(ErrorKind.Io, "VK-03", $"the driver has no memory of the kind {place}");
    }

    /// <summary>Buffers that are given back together, unless they are kept.</summary>
    public sealed class Takings(DeviceMemory memory) : IDisposable
    {
        internal HashSet<DeviceBuffer> Buffers { get; } = [];

        /// <summary>They stay.</summary>
        public void Keep() => Buffers.Clear();

        /// <inheritdoc/>
        public void Dispose()
        {
            memory._takings = null;
            foreach (DeviceBuffer buffer in Buffers) memory.Free(buffer);
        }
    }
}
