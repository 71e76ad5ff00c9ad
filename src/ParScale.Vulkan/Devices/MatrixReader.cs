using Silk.NET.Vulkan;

namespace ParScale.Vulkan.Devices;

/// <summary>Asks a driver for its cooperative matrices.</summary>
internal static unsafe class MatrixReader
{
    /// <summary>The extension.</summary>
    public const string Extension = "VK_KHR_cooperative_matrix";

    private const string Function = "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR";

    /// <summary>The shapes that products can take, the best ones first: of integers before those of float16, large ones before small ones.</summary>
    /// <param name="vk">The functions.</param>
    /// <param name="instance">The instance.</param>
    /// <param name="device">A device that has the extension.</param>
    /// <param name="takes">Whether shaders have the numbers of a shape, and memory for its tile.</param>
    public static MatrixShape[] Shapes(Vk vk, Instance instance, PhysicalDevice device, Func<MatrixShape, bool> takes)
    {
        // A loader older than the extension may not know it.
        var read = (delegate* unmanaged<PhysicalDevice, uint*, CooperativeMatrixPropertiesKHR*, Result>)vk.GetInstanceProcAddr(instance, Function).Handle;
        uint count = 0;
        if (read == null || read(device, &count, null) != Result.Success || count == 0) return [];
        var all = new CooperativeMatrixPropertiesKHR[count];
        all.AsSpan().Fill(new CooperativeMatrixPropertiesKHR { SType = StructureType.CooperativeMatrixPropertiesKhr });
        fixed (CooperativeMatrixPropertiesKHR* first = all)
            if (read(device, &count, first) is not (Result.Success or Result.Incomplete)) return [];
        return [.. all.Select(Shape).OfType<MatrixShape>().Where(shape => shape.FillsTiles && takes(shape)).Distinct()
            .OrderBy(shape => shape.IsHalf).ThenByDescending(shape => shape.Rows * shape.Outputs * shape.Depth)];
    }

    // Null for numbers that sums of a group are not exact with, and for matrices of whole workgroups.
    private static MatrixShape? Shape(CooperativeMatrixPropertiesKHR one)
    {
        bool Has(ComponentTypeKHR factors, ComponentTypeKHR sums) =>
            (one.AType, one.BType, one.CType, one.ResultType) == (factors, factors, sums, sums) && one.Scope == ScopeKHR.SubgroupKhr && !one.SaturatingAccumulation;
        bool isHalf = Has(ComponentTypeKHR.Float16Khr, ComponentTypeKHR.Float32Khr);
        if (!isHalf && !Has(ComponentTypeKHR.Sint8Khr, ComponentTypeKHR.Sint32Khr)) return null;
        return new MatrixShape((int)Math.Min(one.MSize, int.MaxValue), (int)Math.Min(one.NSize, int.MaxValue), (int)Math.Min(one.KSize, int.MaxValue), isHalf);
    }
}
