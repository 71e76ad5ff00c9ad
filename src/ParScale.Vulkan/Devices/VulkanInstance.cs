using System.Runtime.InteropServices;
using Silk.NET.Core;
using Silk.NET.Core.Contexts;
using Silk.NET.Core.Native;
using Silk.NET.Vulkan;

namespace ParScale.Vulkan.Devices;

/// <summary>A connection to the Vulkan drivers of this machine, and the devices that they offer.</summary>
internal sealed unsafe class VulkanInstance : IDisposable
{
    private const string ValidationLayer = "VK_LAYER_KHRONOS_validation", DebugExtension = "VK_EXT_debug_utils",
        PortabilityExtension = "VK_KHR_portability_enumeration";

    private readonly PhysicalDevice[] _physical;
    private readonly ValidationMessages? _validation;

    private VulkanInstance(Vk vk, Instance handle, ValidationMessages? validation)
    {
        (Vk, Handle, _validation) = (vk, handle, validation);
        uint count = 0;
        _physical = [];
        // A driver that fails here has no devices.
        if (vk.EnumeratePhysicalDevices(handle, ref count, null) == Result.Success && count > 0)
        {
            _physical = new PhysicalDevice[count];
            fixed (PhysicalDevice* all = _physical)
                if (vk.EnumeratePhysicalDevices(handle, ref count, all) is not (Result.Success or Result.Incomplete)) _physical = [];
        }
        Devices = [.. _physical.Select((device, index) => DeviceReader.Describe(vk, handle, device, index))];
    }

    /// <summary>The functions.</summary>
    public Vk Vk { get; }

    /// <summary>The instance.</summary>
    public Instance Handle { get; }

    /// <summary>What each device is.</summary>
    public IReadOnlyList<DeviceDescription> Devices { get; }

    /// <summary>Whether <see cref="ValidationLayer"/> is at work.</summary>
    public bool IsValidated => _validation is not null;

    /// <summary>Opens it; null, and why in a line, where there is no loader or no driver.</summary>
    /// <param name="note">Why there is none.</param>
    /// <param name="loader">File of the loader; null for the system's own.</param>
    /// <param name="validation">Takes what the validation layer says of our calls, where it is installed; null leaves it out.</param>
    public static VulkanInstance? TryOpen(out string? note, string? loader = null, Action<string>? validation = null)
    {
        if (VulkanLoader.TryOpen(loader) is { } functions) return TryOpen(functions, out note, validation);
        note = $"no Vulkan 1.2 loader ({loader ?? VulkanLoader.FileName}): it comes with the driver of the graphics card";
        return null;
    }

    /// <summary>The same with a loader that is there.</summary>
    public static VulkanInstance? TryOpen(INativeContext functions, out string? note, Action<string>? validation = null)
    {
        var vk = new Vk(functions);
        bool validate = validation is not null && HasLayer(vk, ValidationLayer);
        var application = new ApplicationInfo { SType = StructureType.ApplicationInfo, ApiVersion = Vk.Version12 };
        // Without it newer loaders hide drivers on top of another interface, such as MoltenVK.
        bool portable = HasExtension(vk, PortabilityExtension);
        using var extensions = new NativeStrings([.. validate ? (string[])[DebugExtension] : [], .. portable ? (string[])[PortabilityExtension] : []]);
        using var layers = new NativeStrings(validate ? [ValidationLayer] : []);
        var create = new InstanceCreateInfo
        {
            SType = StructureType.InstanceCreateInfo,
            Flags = portable ? InstanceCreateFlags.EnumeratePortabilityBitKhr : 0,
            PApplicationInfo = &application,
            EnabledLayerCount = layers.Count,
            PpEnabledLayerNames = layers.Pointer,
            EnabledExtensionCount = extensions.Count,
            PpEnabledExtensionNames = extensions.Pointer,
        };
        Result made = vk.CreateInstance(in create, null, out Instance handle);
        if (made != Result.Success)
        {
            note = made == Result.ErrorIncompatibleDriver ? "the Vulkan loader finds no driver: install that of the graphics card"
                : $"the Vulkan loader could not start ({made})";
            vk.Dispose();
            return null;
        }
        note = null;
        return new VulkanInstance(vk, handle, validate ? new ValidationMessages(vk, handle, validation!) : null);
    }

    /// <summary>The driver's device of a description.</summary>
    public PhysicalDevice Physical(DeviceDescription device) => _physical[device.Index];

    /// <inheritdoc/>
    public void Dispose()
    {
        _validation?.Dispose();
        Vk.DestroyInstance(Handle, null);
        Vk.Dispose();
    }

    private static bool HasLayer(Vk vk, string name)
    {
        uint count = 0;
        if (vk.EnumerateInstanceLayerProperties(ref count, null) != Result.Success || count == 0) return false;
        var layers = new LayerProperties[count];
        fixed (LayerProperties* all = layers) vk.EnumerateInstanceLayerProperties(ref count, all);
        foreach (ref LayerProperties layer in layers.AsSpan())
            fixed (byte* text = layer.LayerName)
                if (SilkMarshal.PtrToString((nint)text) == name) return true;
        return false;
    }

    private static bool HasExtension(Vk vk, string name)
    {
        uint count = 0;
        if (vk.EnumerateInstanceExtensionProperties((byte*)null, ref count, null) != Result.Success || count == 0) return false;
        var all = new ExtensionProperties[count];
        fixed (ExtensionProperties* first = all) vk.EnumerateInstanceExtensionProperties((byte*)null, ref count, first);
        foreach (ref ExtensionProperties one in all.AsSpan())
            fixed (byte* text = one.ExtensionName)
                if (SilkMarshal.PtrToString((nint)text) == name) return true;
        return false;
    }

    // Strings as C has them, for as long as a call takes.
    private readonly ref struct NativeStrings
    {
        public NativeStrings(string[] values)
        {
            Count = (uint)values.Length;
            Pointer = values.Length == 0 ? null : (byte**)SilkMarshal.StringArrayToPtr(values);
        }

        public uint Count { get; }

        public byte** Pointer { get; }

        public void Dispose()
        {
            if (Pointer != null) SilkMarshal.Free((nint)Pointer);
        }
    }

    // What the validation layer reports, handed to whoever opened the instance.
    private sealed class ValidationMessages : IDisposable
    {
        private readonly Vk _vk;
        private readonly Instance _instance;
        private readonly DebugUtilsMessengerEXT _messenger;
        private GCHandle _receiver;

        public ValidationMessages(Vk vk, Instance instance, Action<string> receiver)
        {
            (_vk, _instance, _receiver) = (vk, instance, GCHandle.Alloc(receiver));
            var create = new DebugUtilsMessengerCreateInfoEXT
            {
                SType = StructureType.DebugUtilsMessengerCreateInfoExt,
                MessageSeverity = DebugUtilsMessageSeverityFlagsEXT.WarningBitExt | DebugUtilsMessageSeverityFlagsEXT.ErrorBitExt,
                MessageType = DebugUtilsMessageTypeFlagsEXT.ValidationBitExt | DebugUtilsMessageTypeFlagsEXT.GeneralBitExt,
                PfnUserCallback = new PfnDebugUtilsMessengerCallbackEXT(&Receive),
                PUserData = (void*)GCHandle.ToIntPtr(_receiver),
            };
            var function = (delegate* unmanaged<Instance, DebugUtilsMessengerCreateInfoEXT*, void*, DebugUtilsMessengerEXT*, Result>)
                vk.GetInstanceProcAddr(instance, "vkCreateDebugUtilsMessengerEXT").Handle;
            DebugUtilsMessengerEXT messenger;
            if (function(instance, &create, null, &messenger) != Result.Success) throw new InvalidOperationException("no messages of the validation layer");
            _messenger = messenger;
        }

        public void Dispose()
        {
            var function = (delegate* unmanaged<Instance, DebugUtilsMessengerEXT, void*, void>)
                _vk.GetInstanceProcAddr(_instance, "vkDestroyDebugUtilsMessengerEXT").Handle;
            function(_instance, _messenger, null);
            _receiver.Free();
        }

        [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
        private static Bool32 Receive(
            DebugUtilsMessageSeverityFlagsEXT severity, DebugUtilsMessageTypeFlagsEXT types, DebugUtilsMessengerCallbackDataEXT* data, void* user)
        {
            var receiver = (Action<string>)GCHandle.FromIntPtr((nint)user).Target!;
            receiver(SilkMarshal.PtrToString((nint)data->PMessage) ?? "");
            return false;
        }
    }
}
