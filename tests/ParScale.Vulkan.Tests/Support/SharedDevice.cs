using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Model;
using ParScale.Vulkan.Passes;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Tests.Support;

/// <summary>The tests' device for models, opened once: its shaders are compiled once.</summary>
internal sealed class SharedDevice(VulkanDevice device) : ComputeDevice
{
    public override string Name => "shared";

    public override string Description => "the tests' device";

    /// <summary>What the model that was loaded last runs on.</summary>
    public VulkanForwardPass? Last { get; private set; }

    /// <summary>Multiply-adds after which recordings are cut.</summary>
    public long MostProducts { get; init; } = 1L << 36;

    /// <summary>Logits of a pass from which it chooses the likeliest tokens where these do; null: as usual.</summary>
    public long? LikeliestFrom { get; init; }

    internal override bool UsesThreads => false;

    internal override string KernelTier(WeightDtype type) => "vulkan";

    internal override void Require(ModelConfig model) => Supported.Require(device.Description, model);

    internal override IForwardPass Open(Backbone backbone, IReadOnlyList<StreamSet> sets, KvDtype kvDtype, WorkerPool pool)
    {
        Last = new VulkanForwardPass(device, owner: null, backbone, sets, kvDtype, pool, MostProducts);
        if (LikeliestFrom is { } from) Last.LikeliestFrom = from;
        return Last;
    }
}
