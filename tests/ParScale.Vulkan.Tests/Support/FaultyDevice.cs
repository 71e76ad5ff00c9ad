using System.Collections.Concurrent;
using ParScale.Vulkan.Devices;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Tests.Support;

/// <summary>A device of a <see cref="FaultyDriver"/>, with the validation layer, which sees that all is given back.</summary>
internal sealed class FaultyDevice : IDisposable
{
    private readonly ConcurrentQueue<string> _messages = new();
    private readonly VulkanInstance _instance;

    public FaultyDevice(DeviceDescription description)
    {
        _instance = VulkanInstance.TryOpen(Driver, out _, _messages.Enqueue)!;
        Device = new VulkanDevice(_instance, _instance.Devices[description.Index]);
    }

    public FaultyDriver Driver { get; } = new();

    public VulkanDevice Device { get; }

    public void Dispose()
    {
        Assert.Equal(0, Device.Memory.Bytes);
        Device.Dispose();
        _instance.Dispose();
        Assert.Empty(_messages);
    }
}
