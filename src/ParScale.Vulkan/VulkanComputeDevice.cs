using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Model;
using ParScale.Vulkan.Devices;
using ParScale.Vulkan.Passes;

namespace ParScale.Vulkan;

/// <summary>A Vulkan device for models. It is opened for each of them anew, and closed with it.</summary>
internal sealed class VulkanComputeDevice(DeviceDescription description) : ComputeDevice
{
    /// <inheritdoc/>
    public override string Name => $"vulkan:{description.Index}";

    /// <inheritdoc/>
    public override string Description => $"{description.Name}, {description.Kind.ToString().ToLowerInvariant()}, driver {description.Driver}";

    /// <summary>What the driver says of it.</summary>
    internal DeviceDescription Described => description;

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
}
