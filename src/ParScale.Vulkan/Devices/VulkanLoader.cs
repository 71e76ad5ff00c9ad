using System.Runtime.InteropServices;
using Silk.NET.Core.Contexts;

namespace ParScale.Vulkan.Devices;

/// <summary>Finds functions in the system's Vulkan loader, which exports all that are used here. The library stays loaded.</summary>
internal sealed class VulkanLoader : INativeContext
{
    private readonly nint _library;

    private VulkanLoader(nint library) => _library = library;

    /// <summary>What its file is called on this system.</summary>
    public static string FileName => OperatingSystem.IsWindows() ? "vulkan-1.dll" : OperatingSystem.IsMacOS() ? "libvulkan.1.dylib" : "libvulkan.so.1";

    /// <summary>The loader; null where there is none, or one from before Vulkan 1.2 of which functions are missing.</summary>
    public static VulkanLoader? TryOpen(string? file = null)
    {
        if (!NativeLibrary.TryLoad(file ?? FileName, out nint library)) return null;
        if (NativeLibrary.TryGetExport(library, "vkGetBufferDeviceAddress", out _)) return new VulkanLoader(library);
        NativeLibrary.Free(library);
        return null;
    }

    /// <inheritdoc/>
    public nint GetProcAddress(string proc, int? slot = null) => NativeLibrary.GetExport(_library, proc);

    /// <inheritdoc/>
    public bool TryGetProcAddress(string proc, out nint addr, int? slot = null) => NativeLibrary.TryGetExport(_library, proc, out addr);

    /// <summary>Drivers keep threads of their own: unloading their code under them ends the process.</summary>
    public void Dispose()
    {
    }
}
