using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Model;
using ParScale.Vulkan.Devices;
using ParScale.Vulkan.Passes;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan;

/// <summary>A device with an instance of its own.</summary>
internal sealed class OpenedDevice : IDisposable
{
    private readonly VulkanInstance _instance;

    private WorkerPool? _pool;

    /// <exception cref="ParScaleException">There is no loader (VK-08), the device is gone (VK-09) or lacks something (VK-04), or the driver refuses (VK-03).</exception>
    public OpenedDevice(DeviceDescription description)
    {
        _instance = VulkanInstance.TryOpen(out string? note) ?? throw VulkanDevices.None(note!);
        try
        {
            Device = new VulkanDevice(_instance, VulkanDevices.At(_instance.Devices, description.Index));
        }
        catch
        {
            _instance.Dispose();
            throw;
        }
    }

    /// <summary>The device.</summary>
    public VulkanDevice Device { get; }

    /// <summary>A pass on it, which does not own it: several may share it.</summary>
    /// <exception cref="ParScaleException">VK-05: the shaders have no room for the model; VK-07: the device has no memory for it.</exception>
    public VulkanForwardPass NewPass(Backbone backbone, IReadOnlyList<StreamSet> sets, KvDtype kvDtype) =>
        new(Device, owner: null, backbone, sets, kvDtype, _pool ??= new WorkerPool(1));

    /// <inheritdoc/>
    public void Dispose()
    {
        Device.Dispose();
        _pool?.Dispose();
        if (!Device.Hangs) _instance.Dispose();
    }
}
