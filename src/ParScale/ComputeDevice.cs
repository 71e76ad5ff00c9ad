using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Model;

namespace ParScale;

/// <summary>
/// What runs a model's passes: the CPU, or a graphics card that another package opens, such as <c>VulkanDevices</c> of ParScale.Vulkan.
/// One can serve any number of models.
/// </summary>
public abstract class ComputeDevice
{
    internal ComputeDevice()
    {
    }

    /// <summary>The machine's processor.</summary>
    public static ComputeDevice Cpu { get; } = new CpuDevice();

    /// <summary>As <c>--device</c> names it, for example <c>cpu</c> or <c>vulkan:0</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What it is, in a few words for people.</summary>
    public abstract string Description { get; }

    /// <summary>Whether passes run on the CPU's threads, and read the weights where they were loaded.</summary>
    internal abstract bool UsesThreads { get; }

    /// <summary>What multiplies weights of a type.</summary>
    internal abstract string KernelTier(WeightDtype type);

    /// <summary>Refuses what it cannot compute, before anything is read.</summary>
    /// <exception cref="ParScaleException">It says what of the model is not supported.</exception>
    internal abstract void Require(ModelConfig model);

    /// <summary>Makes ready to run weights with sets of streams. The backbone outlives what is returned; its matrices do where threads read them.</summary>
    /// <exception cref="ParScaleException">It cannot run them, or has no memory for them.</exception>
    internal abstract IForwardPass Open(Backbone backbone, IReadOnlyList<StreamSet> sets, KvDtype kvDtype, WorkerPool pool);

    private sealed class CpuDevice : ComputeDevice
    {
        public override string Name => "cpu";

        public override string Description => "the processor";

        internal override bool UsesThreads => true;

        internal override string KernelTier(WeightDtype type) => Kernels.KernelTier.NameFor(type);

        internal override void Require(ModelConfig model)
        {
            // Every model that can be read can be computed.
        }

        internal override IForwardPass Open(Backbone backbone, IReadOnlyList<StreamSet> sets, KvDtype kvDtype, WorkerPool pool) => new ForwardPass(backbone, pool);
    }
}
