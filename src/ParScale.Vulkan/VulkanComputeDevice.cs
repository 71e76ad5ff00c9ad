using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Model;
using ParScale.Vulkan.Devices;
using ParScale.Vulkan.Passes;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan;

/// <summary>A Vulkan device for models. It is opened for each of them anew, and closed with it.</summary>
internal sealed class VulkanComputeDevice(DeviceDescription description) : ComputeDevice
{
    /// <inheritdoc/>
    public override string Name => $"vulkan:{description.Index}";

    /// <inheritdoc/>
    public override string Description => $"{description.Name}, {description.Kind.ToString().ToLowerInvariant()}, driver {description.Driver}";

    internal override bool UsesThreads => false;

    internal override string KernelTier(WeightDtype type) => "vulkan";

    internal override void Require(ModelConfig model) => Supported.Require(description, model);

    internal override IForwardPass Open(Backbone backbone, IReadOnlyList<StreamSet> sets, KvDtype kvDtype, WorkerPool pool)
    {
        var opened = new OpenedDevice(description);
        try
        {
            return new VulkanForwardPass(opened.Device, opened, backbone, sets, kvDtype, pool);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    private sealed class OpenedDevice : IDisposable
    {
        private readonly VulkanInstance _instance;

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

        public VulkanDevice Device { get; }

        public void Dispose()
        {
            Device.Dispose();
            if (!Device.Hangs) _instance.Dispose();
        }
    }
}
