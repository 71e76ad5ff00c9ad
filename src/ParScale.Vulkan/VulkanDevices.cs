using ParScale.Vulkan.Devices;

namespace ParScale.Vulkan;

/// <summary>The Vulkan devices of this machine, to run models on (<see cref="LoadOptions.Device"/>).</summary>
/// <example><code>
/// using LanguageModel model = LanguageModel.Load("path/to/folder", new LoadOptions { Device = VulkanDevices.Open() });
/// </code></example>
public static class VulkanDevices
{
    /// <summary>
    /// The best device: cards before what is in the processor, of two the one with more memory left; a driver that computes on the CPU only where there is
    /// nothing else.
    /// </summary>
    /// <exception cref="ParScaleException">There is no loader or no device (VK-08), or the devices lack what is needed (VK-04).</exception>
    public static ComputeDevice Open()
    {
        IReadOnlyList<DeviceDescription> devices = Read();
        return Usable(BestFirst(devices.Where(device => device.Missing.Count == 0)).DefaultIfEmpty(devices[0]).First());
    }

    /// <summary>The device at a place of the list that <c>parscale devices</c> shows.</summary>
    /// <exception cref="ParScaleException">
    /// There is no loader or no device (VK-08), the list is shorter (VK-09), or the device lacks what is needed (VK-04).
    /// </exception>
    public static ComputeDevice Open(int index) => Usable(At(Read(), index));

    /// <summary>The graphics cards that can be used, then those in the processor, the best ones first. Never a driver that computes on the CPU.</summary>
    public static IReadOnlyList<ComputeDevice> FindHardware() =>
        [.. BestFirst(DeviceList.Read().Devices.Where(device => device.Missing.Count == 0 && device.Kind > DeviceKind.Software)).Select(device => new VulkanComputeDevice(device))];

    internal static IEnumerable<DeviceDescription> BestFirst(IEnumerable<DeviceDescription> devices) =>
        devices.OrderByDescending(device => device.Kind).ThenByDescending(device => device.MemoryBudget ?? device.Memory);

    internal static ParScaleException None(string why) => ParScaleException.Usage("VK-08", $"there is no Vulkan device: {why}; run the model on the CPU (--device cpu)");

    internal static DeviceDescription At(IReadOnlyList<DeviceDescription> devices, int index)
    {
        if ((uint)index < (uint)devices.Count) return devices[index];
        throw ParScaleException.Usage("VK-09", $"there is no device vulkan:{index}; this machine has {Count(devices.Count)}, from vulkan:0 on (parscale devices lists them)");
    }

    private static IReadOnlyList<DeviceDescription> Read()
    {
        DeviceList list = DeviceList.Read();
        return list.Devices.Count > 0 ? list.Devices : throw None(list.Note!);
    }

    private static VulkanComputeDevice Usable(DeviceDescription device)
    {
        Runtime.VulkanDevice.Require(device);
        return new VulkanComputeDevice(device);
    }

    private static string Count(int devices) => devices == 1 ? "one device" : $"{devices} devices";
}
