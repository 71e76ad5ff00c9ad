using System.Runtime.CompilerServices;
using Silk.NET.Vulkan;

namespace ParScale.Vulkan.Runtime;

/// <summary>From what a driver answers to the error that a user reads.</summary>
internal static class VulkanError
{
    /// <summary>Does nothing on success.</summary>
    /// <exception cref="ParScaleException">VK-01: the device is lost; VK-02: no memory; VK-03: anything else.</exception>
    public static void Check(Result result, [CallerArgumentExpression(nameof(result))] string call = "")
    {
        if (result == Result.Success) return;
        // Of the call its name is enough.
        string name = call.Split('(')[0];
        name = name[(name.LastIndexOf('.') + 1)..];
        throw result switch
        {
            Result.ErrorDeviceLost => new ParScaleException(ErrorKind.Io, "VK-01",
                $"the driver lost the device ({name}): it was reset, removed, or the system's watchdog ended a computation; load the model again, or run it on the CPU (--device cpu)"),
            Result.ErrorOutOfDeviceMemory or Result.ErrorOutOfHostMemory => new ParScaleException(ErrorKind.NotEnoughMemory, "VK-02",
                $"the driver has no memory left ({name})"),
            _ => new ParScaleException(ErrorKind.Io, "VK-03", $"the driver refused {name} ({result})"),
        };
    }
}
