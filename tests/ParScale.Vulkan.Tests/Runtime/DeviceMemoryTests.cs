using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;
using Silk.NET.Vulkan;
using DeviceMemory = ParScale.Vulkan.Runtime.DeviceMemory;

namespace ParScale.Vulkan.Tests.Runtime;

/// <summary>Buffers of the device: what was written is read again, thousands of them take few allocations, and too large ones are refused.</summary>
public class DeviceMemoryTests(TestDevice test) : DeviceTest(test)
{
    private readonly TestDevice _test = test;

    [Theory]
    [InlineData(1)]
    [InlineData(1 << 20)]
    [InlineData((5 << 20) + 12)]
    public void What_was_uploaded_is_downloaded(int bytes)
    {
        var values = new byte[bytes];
        new Random(bytes).NextBytes(values);
        Assert.Equal(values, Read<byte>(Upload<byte>(values), bytes));
    }

    [Fact]
    public void Thousands_of_buffers_share_allocations_and_are_given_back()
    {
        int before = Device.Memory.Slabs;
        long bytes = Device.Memory.Bytes;
        for (int i = 0; i < 5000; i++) Allocate(1000);
        Assert.InRange(Device.Memory.Slabs, before, before + 1);
        FreeBuffers();
        Assert.Equal((before, bytes), (Device.Memory.Slabs, Device.Memory.Bytes));
    }

    [Fact]
    public void A_large_buffer_takes_no_more_than_itself()
    {
        const int bytes = 40 << 20, small = 1 << 20;
        using var device = new VulkanDevice(_test.Instance, Device.Description);
        DeviceBuffer[] large = [.. Enumerable.Range(0, 3).Select(_ => device.Memory.Allocate(bytes))];
        Assert.Equal((3, 3L * bytes), (device.Memory.Slabs, device.Memory.Bytes));
        // Of small ones many share an allocation, and a large one takes what it has left.
        DeviceBuffer[] shared = [device.Memory.Allocate(small), device.Memory.Allocate(small), device.Memory.Allocate(bytes)];
        Assert.Equal(4, device.Memory.Slabs);
        foreach (DeviceBuffer buffer in (DeviceBuffer[])[.. large, .. shared]) device.Memory.Free(buffer);
        Assert.Equal(0, device.Memory.Bytes);
    }

    [Fact]
    public void VK_02_a_buffer_beyond_the_limit_is_refused_beforehand()
    {
        ParScaleException error = Assert.Throws<ParScaleException>(() => Device.Memory.Allocate(Device.Memory.LargestBuffer + 1));
        Assert.Equal(("VK-02", ErrorKind.NotEnoughMemory), (error.Code, error.Kind));
    }

    [Fact]
    public void Types_of_memory_come_in_order_and_only_those_in_the_processor_spill()
    {
        const MemoryPropertyFlags local = MemoryPropertyFlags.DeviceLocalBit, shown = MemoryPropertyFlags.HostVisibleBit | MemoryPropertyFlags.HostCoherentBit;
        MemoryPropertyFlags[] types = [MemoryPropertyFlags.None, local, shown, local | shown, shown | MemoryPropertyFlags.HostCachedBit];
        int[] Of(uint allowed, Place place, bool spills) => DeviceMemory.Types(types, allowed, place, spills);
        Assert.Equal([1], Of(0b11111, Place.Device, spills: false));
        Assert.Equal([1, 3, 0, 2, 4], Of(0b11111, Place.Device, spills: true));
        Assert.Equal([0], Of(0b00101, Place.Device, spills: false));
        Assert.Equal([4], Of(0b11111, Place.FromDevice, spills: false));
        Assert.Equal([4, 2, 3], Of(0b11111, Place.FromDevice, spills: true));
        Assert.Equal([2, 3, 4], Of(0b11111, Place.ToDevice, spills: true));
        Assert.Equal("VK-03", Assert.Throws<ParScaleException>(() => Of(0b00011, Place.ToDevice, spills: true)).Code);
    }

    [Fact]
    public void The_host_sees_only_what_it_may()
    {
        Assert.Throws<InvalidOperationException>(() => Allocate(16).Span<int>().Length);
        DeviceBuffer mapped = Device.Memory.Allocate(10, Place.ToDevice);
        Assert.Equal(2, mapped.Span<int>().Length);
        Device.Memory.Free(mapped);
    }

    [Fact]
    public void Copies_lie_inside_their_buffers()
    {
        DeviceBuffer a = Allocate(16), b = Allocate(8);
        Run(recording =>
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => recording.Copy(a, b, 9));
            Assert.Throws<ArgumentOutOfRangeException>(() => recording.Copy(a, b, 8, fromOffset: 9));
            recording.Clear(a).Copy(a, b, 8, fromOffset: 8);
        });
        Assert.Equal(new byte[8], Read<byte>(b, 8));
    }
}
