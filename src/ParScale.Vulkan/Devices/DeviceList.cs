namespace ParScale.Vulkan.Devices;

/// <summary>The Vulkan devices of this machine.</summary>
/// <param name="Devices">In the loader's order; empty where there are none.</param>
/// <param name="Note">Why there are none, in a line; null where there are some.</param>
internal sealed record DeviceList(IReadOnlyList<DeviceDescription> Devices, string? Note)
{
    /// <summary>Asks the loader. Throws nothing where there is no loader, no driver or no device.</summary>
    /// <param name="loader">File of the loader; null for the system's own.</param>
    public static DeviceList Read(string? loader = null)
    {
        using VulkanInstance? instance = VulkanInstance.TryOpen(out string? note, loader);
        if (instance is null) return new DeviceList([], note);
        return instance.Devices.Count > 0 ? new DeviceList(instance.Devices, null)
            : new DeviceList([], "the Vulkan loader knows no device: the drivers that are installed find no hardware of theirs");
    }
}
