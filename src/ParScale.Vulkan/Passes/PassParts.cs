using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Passes;

/// <summary>The recordings of a pass: another one begins where the last would take longer than the watchdogs of systems and drivers wait.</summary>
/// <param name="device">The device.</param>
/// <param name="mostProducts">Multiply-adds of one, unless a single command has more.</param>
internal sealed class PassParts(VulkanDevice device, long mostProducts)
{
    private readonly List<Recording> _all = [device.Record()];
    private long _products;

    /// <summary>All of them, in order.</summary>
    public IReadOnlyList<Recording> All => _all;

    /// <summary>The one that commands of so many multiply-adds go to.</summary>
    public Recording For(long products)
    {
        if (products > 0 && _products > 0 && _products + products > mostProducts)
        {
            _all.Add(device.Record());
            _products = 0;
        }
        _products += products;
        return _all[^1];
    }
}
