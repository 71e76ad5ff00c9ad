using System.Runtime.InteropServices;
using ParScale.Vulkan.Devices;
using Silk.NET.Core.Contexts;
using Silk.NET.Vulkan;

namespace ParScale.Vulkan.Tests.Support;

/// <summary>The system's loader, of which some calls can be made to fail: no driver is lost, full or too old when a test needs it to be.</summary>
internal sealed class FaultyDriver : INativeContext
{
    /// <summary>The calls that can fail.</summary>
    public const string Pipelines = "vkCreateComputePipelines", Submit = "vkQueueSubmit", Wait = "vkWaitForFences", Reset = "vkResetFences", Allocate = "vkAllocateMemory";

    private const string Properties = "vkGetPhysicalDeviceProperties", Instances = "vkCreateInstance";

    private readonly VulkanLoader _loader = VulkanLoader.TryOpen() ?? throw new InvalidOperationException("there is no loader");

    // The driver calls through them.
    private readonly List<Delegate> _kept = [];

    private delegate Result PipelinesCall(nint device, ulong cache, uint count, nint infos, nint allocator, nint pipelines);

    private delegate Result SubmitCall(nint queue, uint count, nint submits, ulong fence);

    private delegate Result WaitCall(nint device, uint count, nint fences, uint all, ulong timeout);

    private delegate Result ResetCall(nint device, uint count, nint fences);

    private delegate Result AllocateCall(nint device, nint info, nint allocator, nint memory);

    private delegate Result InstancesCall(nint info, nint allocator, nint instance);

    private delegate void PropertiesCall(nint device, nint properties);

    /// <summary>What a call answers; null, as at first, leaves it to the driver.</summary>
    public Func<string, Result?> Answer { get; set; } = _ => null;

    /// <summary>Those of the instance that was made last.</summary>
    public InstanceCreateFlags InstanceFlags { get; private set; }

    /// <summary>The version that devices say they have; null: their own.</summary>
    public uint? Version { get; init; }

    public nint GetProcAddress(string proc, int? slot = null) => TryGetProcAddress(proc, out nint address, slot) ? address : throw new EntryPointNotFoundException(proc);

    public bool TryGetProcAddress(string proc, out nint addr, int? slot = null)
    {
        if (!_loader.TryGetProcAddress(proc, out addr, slot)) return false;
        nint own = addr;
        addr = proc switch
        {
            Pipelines => Keep<PipelinesCall>(own, real => (a, b, c, d, e, f) => Answer(proc) ?? real(a, b, c, d, e, f)),
            Submit => Keep<SubmitCall>(own, real => (a, b, c, d) => Answer(proc) ?? real(a, b, c, d)),
            Wait => Keep<WaitCall>(own, real => (a, b, c, d, e) =>
            {
                // Whatever is answered, the commands have ended: of a device that is lost they may be freed.
                Result waited = real(a, b, c, d, e);
                return Answer(proc) ?? waited;
            }),
            Reset => Keep<ResetCall>(own, real => (a, b, c) => Answer(proc) ?? real(a, b, c)),
            Allocate => Keep<AllocateCall>(own, real => (a, b, c, d) => Answer(proc) ?? real(a, b, c, d)),
            Instances => Keep<InstancesCall>(own, real => (info, b, c) =>
            {
                InstanceFlags = Marshal.PtrToStructure<InstanceCreateInfo>(info).Flags;
                return real(info, b, c);
            }),
            Properties when Version is { } version => Keep<PropertiesCall>(own, real => (device, properties) =>
            {
                real(device, properties);
                // The version comes first.
                Marshal.WriteInt32(properties, (int)version);
            }),
            _ => own,
        };
        return true;
    }

    public void Dispose() => _loader.Dispose();

    private nint Keep<T>(nint own, Func<T, T> around) where T : Delegate
    {
        T call = around(Marshal.GetDelegateForFunctionPointer<T>(own));
        _kept.Add(call);
        return Marshal.GetFunctionPointerForDelegate(call);
    }
}
