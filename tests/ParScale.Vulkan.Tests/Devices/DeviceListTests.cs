using ParScale.Vulkan.Devices;
using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;
using Silk.NET.Vulkan;

namespace ParScale.Vulkan.Tests.Devices;

/// <summary>What the drivers of this machine say, and what is said where there is none.</summary>
public class DeviceListTests(TestDevice test)
{
    [Fact]
    public void No_loader_is_a_note()
    {
        DeviceList list = DeviceList.Read("no-such-loader.so");
        Assert.Empty(list.Devices);
        Assert.Contains("no-such-loader.so", list.Note, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_that_is_no_loader_is_a_note()
    {
        string library = OperatingSystem.IsWindows() ? "kernel32.dll" : OperatingSystem.IsMacOS() ? "libSystem.dylib" : "libc.so.6";
        DeviceList list = DeviceList.Read(library);
        Assert.Empty(list.Devices);
        Assert.StartsWith("no Vulkan 1.2 loader", list.Note, StringComparison.Ordinal);
    }

    [Fact]
    public void Devices_have_names_memory_and_limits()
    {
        test.Need();
        DeviceList list = DeviceList.Read();
        Assert.Null(list.Note);
        Assert.Equal(Enumerable.Range(0, list.Devices.Count), list.Devices.Select(device => device.Index));
        DeviceDescription own = list.Devices[test.Device.Description.Index];
        Assert.NotEmpty(own.Name);
        Assert.NotEmpty(own.Driver);
        Assert.True(own.ApiVersion >= new Version(1, 2));
        Assert.True(own.Memory > 64 << 20);
        Assert.True(own.LargestAllocation > 64 << 20);
        Assert.True(own.SharedMemory >= 16384);
        Assert.True(own.WorkgroupThreads >= DeviceReader.NeededThreads);
        Assert.True(own.SubgroupSize > 0);
    }

    [Fact]
    public void The_validation_layer_watches_the_tests()
    {
        test.Need();
        if (Environment.GetEnvironmentVariable(TestDevice.Variable) != TestDevice.Required && !test.Instance.IsValidated) Assert.Skip("the validation layer is not installed");
        Assert.True(test.Instance.IsValidated);
    }

    [Fact]
    public void What_a_driver_lacks_has_its_name()
    {
        const uint threads = DeviceReader.NeededThreads;
        Assert.Empty(DeviceReader.Missing(current: true, addresses: true, computes: true, threads));
        Assert.Equal(["Vulkan 1.2"], DeviceReader.Missing(current: false, addresses: false, computes: true, threads));
        Assert.Equal(["bufferDeviceAddress"], DeviceReader.Missing(current: true, addresses: false, computes: true, threads));
        Assert.Equal(["a queue that computes"], DeviceReader.Missing(current: true, addresses: true, computes: false, threads));
        Assert.Equal([$"workgroups of {threads} threads"], DeviceReader.Missing(current: true, addresses: true, computes: true, threads - 1));
    }

    [Fact]
    public void The_best_device_is_a_card_and_the_one_with_most_memory_left()
    {
        test.Need();
        DeviceDescription Of(int index, DeviceKind kind, long memory, long? left) =>
            test.Device.Description with { Index = index, Kind = kind, Memory = memory, MemoryBudget = left };
        DeviceDescription[] devices =
        [
            Of(0, DeviceKind.Software, 99, null), Of(1, DeviceKind.Discrete, 8, 7), Of(2, DeviceKind.Integrated, 64, 60), Of(3, DeviceKind.Discrete, 24, null),
            Of(4, DeviceKind.Discrete, 24, 2),
        ];
        Assert.Equal([3, 1, 4, 2, 0], VulkanDevices.BestFirst(devices).Select(device => device.Index));
    }

    [Fact]
    public void In_the_processor_all_heaps_count_and_of_a_card_the_largest_of_its_own()
    {
        MemoryHeap Heap(ulong size, bool local) => new(size, local ? MemoryHeapFlags.DeviceLocalBit : 0);
        (MemoryHeap, long)[] heaps = [(Heap(512, true), 500), (Heap(16_000, false), 9000), (Heap(256, true), 256)];
        Assert.Equal((16_768, 9756), DeviceReader.Usable(heaps, DeviceKind.Integrated));
        Assert.Equal((512, 500), DeviceReader.Usable(heaps, DeviceKind.Discrete));
        Assert.Equal((0, 0), DeviceReader.Usable([heaps[1]], DeviceKind.Discrete));
    }

    [Fact]
    public void Loaders_are_asked_for_drivers_on_top_of_others()
    {
        using var driver = new FaultyDriver();
        using VulkanInstance instance = VulkanInstance.TryOpen(driver, out _)!;
        uint version = 0;
        instance.Vk.EnumerateInstanceVersion(ref version);
        if (version < Vk.MakeVersion(1, 3, 216)) Assert.Skip("this loader hides none");
        Assert.Equal(InstanceCreateFlags.EnumeratePortabilityBitKhr, driver.InstanceFlags);
    }

    [Fact]
    public void VK_04_names_what_a_device_lacks()
    {
        DeviceDescription lacking = test.Device.Description with { Missing = ["bufferDeviceAddress"] };
        ParScaleException error = Assert.Throws<ParScaleException>(() => new VulkanDevice(test.Instance, lacking));
        Assert.Equal(("VK-04", ErrorKind.Usage), (error.Code, error.Kind));
        Assert.Contains("bufferDeviceAddress", error.Message, StringComparison.Ordinal);
    }
}
