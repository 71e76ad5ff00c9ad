using ParScale.Vulkan.Devices;
using Silk.NET.Core.Native;
using Silk.NET.Vulkan;
using static ParScale.Vulkan.Runtime.VulkanError;

namespace ParScale.Vulkan.Runtime;

/// <summary>Opens a device of the driver, with all that the shaders need and those extras that it has.</summary>
internal static unsafe class DeviceCreation
{
    /// <exception cref="ParScaleException">VK-03: the driver refuses.</exception>
    public static Device Create(Vk vk, PhysicalDevice physical, DeviceDescription description, uint family)
    {
        float priority = 1;
        var queue = new DeviceQueueCreateInfo { SType = StructureType.DeviceQueueCreateInfo, QueueFamilyIndex = family, QueueCount = 1, PQueuePriorities = &priority };
        var extensions = new List<string>();
        if (description.IsSubset) extensions.Add(DeviceReader.SubsetExtension);
        void* next = null;
        var dot = new PhysicalDeviceShaderIntegerDotProductFeatures { SType = StructureType.PhysicalDeviceShaderIntegerDotProductFeatures, ShaderIntegerDotProduct = true };
        if (description.IntegerDotProduct)
        {
            extensions.Add(DeviceReader.IntegerDotExtension);
            next = &dot;
        }
        bool hasMatrices = description.Matrices.Count > 0;
        var matrices = new PhysicalDeviceCooperativeMatrixFeaturesKHR { SType = StructureType.PhysicalDeviceCooperativeMatrixFeaturesKhr, PNext = next, CooperativeMatrix = true };
        if (hasMatrices)
        {
            extensions.Add(MatrixReader.Extension);
            next = &matrices;
        }
        var subgroups = new PhysicalDeviceSubgroupSizeControlFeatures { SType = StructureType.PhysicalDeviceSubgroupSizeControlFeatures, PNext = next, ComputeFullSubgroups = true };
        if (hasMatrices && description.FullSubgroups)
        {
            extensions.Add(DeviceReader.SubgroupExtension);
            next = &subgroups;
        }
        var features = new PhysicalDeviceVulkan12Features
        {
            SType = StructureType.PhysicalDeviceVulkan12Features,
            PNext = next,
            BufferDeviceAddress = true,
            VulkanMemoryModel = hasMatrices,
            VulkanMemoryModelDeviceScope = hasMatrices,
            ShaderInt8 = description.Matrices.Any(shape => !shape.IsHalf),
            ShaderFloat16 = description.Matrices.Any(shape => shape.IsHalf),
        };
        byte** names = (byte**)SilkMarshal.StringArrayToPtr(extensions);
        try
        {
            var create = new DeviceCreateInfo
            {
                SType = StructureType.DeviceCreateInfo,
                PNext = &features,
                QueueCreateInfoCount = 1,
                PQueueCreateInfos = &queue,
                EnabledExtensionCount = (uint)extensions.Count,
                PpEnabledExtensionNames = names,
            };
            Check(vk.CreateDevice(physical, in create, null, out Device device));
            return device;
        }
        finally
        {
            SilkMarshal.Free((nint)names);
        }
    }
}
