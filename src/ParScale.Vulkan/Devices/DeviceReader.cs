using ParScale.Vulkan.Kernels;
using Silk.NET.Core.Native;
using Silk.NET.Vulkan;

namespace ParScale.Vulkan.Devices;

/// <summary>Asks a driver what a device is and what it lacks.</summary>
internal static unsafe class DeviceReader
{
    /// <summary>Threads of a workgroup that the shaders need; every Vulkan device has 128.</summary>
    public const int NeededThreads = 256;

    /// <summary>The extension with the dot product of four bytes. Vulkan 1.3 has it in itself, but is not asked for.</summary>
    public const string IntegerDotExtension = "VK_KHR_shader_integer_dot_product";

    /// <summary>The extension with a say in the subgroups of a shader.</summary>
    public const string SubgroupExtension = "VK_EXT_subgroup_size_control";

    /// <summary>What a driver on top of another interface has, such as MoltenVK. A device that lists it must be opened with it.</summary>
    public const string SubsetExtension = "VK_KHR_portability_subset";

    private const string BudgetExtension = "VK_EXT_memory_budget";

    public static DeviceDescription Describe(Vk vk, Instance instance, PhysicalDevice device, int index)
    {
        vk.GetPhysicalDeviceProperties(device, out PhysicalDeviceProperties basic);
        bool current = basic.ApiVersion >= Vk.Version12;
        HashSet<string> extensions = Extensions(vk, device);
        var driver = new PhysicalDeviceVulkan12Properties { SType = StructureType.PhysicalDeviceVulkan12Properties };
        var vulkan11 = new PhysicalDeviceVulkan11Properties { SType = StructureType.PhysicalDeviceVulkan11Properties, PNext = &driver };
        var properties = new PhysicalDeviceProperties2 { SType = StructureType.PhysicalDeviceProperties2, PNext = &vulkan11 };
        bool hasDot = extensions.Contains(IntegerDotExtension);
        var dot = new PhysicalDeviceShaderIntegerDotProductFeatures { SType = StructureType.PhysicalDeviceShaderIntegerDotProductFeatures };
        bool hasMatrices = extensions.Contains(MatrixReader.Extension), hasSubgroups = extensions.Contains(SubgroupExtension);
        var matrices = new PhysicalDeviceCooperativeMatrixFeaturesKHR { SType = StructureType.PhysicalDeviceCooperativeMatrixFeaturesKhr, PNext = hasDot ? &dot : null };
        void* others = hasMatrices ? &matrices : matrices.PNext;
        var subgroups = new PhysicalDeviceSubgroupSizeControlFeatures { SType = StructureType.PhysicalDeviceSubgroupSizeControlFeatures, PNext = others };
        var vulkan12 = new PhysicalDeviceVulkan12Features { SType = StructureType.PhysicalDeviceVulkan12Features, PNext = hasSubgroups ? &subgroups : others };
        var features = new PhysicalDeviceFeatures2 { SType = StructureType.PhysicalDeviceFeatures2, PNext = &vulkan12 };
        if (current)
        {
            vk.GetPhysicalDeviceProperties2(device, &properties);
            vk.GetPhysicalDeviceFeatures2(device, &features);
        }
        int shared = (int)Math.Min(basic.Limits.MaxComputeSharedMemorySize, int.MaxValue);
        bool integers = vulkan12.ShaderInt8, halves = vulkan12.ShaderFloat16;
        DeviceKind kind = Kind(basic.DeviceType);
        (long memory, long? budget) = Memory(vk, device, kind, current && extensions.Contains(BudgetExtension));
        return new DeviceDescription
        {
            Index = index,
            Name = Text(basic.DeviceName),
            Kind = kind,
            Driver = current ? $"{Text(driver.DriverName)} {Text(driver.DriverInfo)}".Trim() : "",
            ApiVersion = new Version((int)(basic.ApiVersion >> 22 & 0x7F), (int)(basic.ApiVersion >> 12 & 0x3FF), (int)(basic.ApiVersion & 0xFFF)),
            Memory = memory,
            MemoryBudget = budget,
            LargestAllocation = current ? (long)Math.Min(vulkan11.MaxMemoryAllocationSize, long.MaxValue) : 0,
            SharedMemory = shared,
            WorkgroupThreads = (int)Math.Min(basic.Limits.MaxComputeWorkGroupInvocations, int.MaxValue),
            SubgroupSize = current ? (int)vulkan11.SubgroupSize : 0,
            IntegerDotProduct = dot.ShaderIntegerDotProduct,
            // Shaders with matrices are written in Vulkan's memory model; with it at work, atomics of the others need the scope of the device.
            Matrices = matrices.CooperativeMatrix && vulkan12.VulkanMemoryModel && vulkan12.VulkanMemoryModelDeviceScope
                ? MatrixReader.Shapes(vk, instance, device, shape => (shape.IsHalf ? halves : integers) && MatrixProducts.Fits(shape, shared)) : [],
            FullSubgroups = subgroups.ComputeFullSubgroups,
            IsSubset = extensions.Contains(SubsetExtension),
            Missing = Missing(current, vulkan12.BufferDeviceAddress, ComputeFamily(vk, device) is not null,
                Math.Min(basic.Limits.MaxComputeWorkGroupInvocations, basic.Limits.MaxComputeWorkGroupSize[0])),
        };
    }

    /// <summary>The first family of queues that computes; null where none does.</summary>
    public static uint? ComputeFamily(Vk vk, PhysicalDevice device)
    {
        uint count = 0;
        vk.GetPhysicalDeviceQueueFamilyProperties(device, ref count, null);
        var families = new QueueFamilyProperties[count];
        fixed (QueueFamilyProperties* all = families) vk.GetPhysicalDeviceQueueFamilyProperties(device, ref count, all);
        int family = Array.FindIndex(families, one => one.QueueFlags.HasFlag(QueueFlags.ComputeBit));
        return family < 0 ? null : (uint)family;
    }

    /// <summary>What a device lacks.</summary>
    /// <param name="current">Whether it has the Vulkan that is needed.</param>
    /// <param name="addresses">Whether shaders get addresses.</param>
    /// <param name="computes">Whether a queue computes.</param>
    /// <param name="threads">Most threads of a workgroup.</param>
    public static List<string> Missing(bool current, bool addresses, bool computes, uint threads)
    {
        var missing = new List<string>();
        if (!current) missing.Add("Vulkan 1.2");
        else if (!addresses) missing.Add("bufferDeviceAddress");
        if (!computes) missing.Add("a queue that computes");
        if (threads < NeededThreads) missing.Add($"workgroups of {NeededThreads} threads");
        return missing;
    }

    private static (long Bytes, long? Budget) Memory(Vk vk, PhysicalDevice device, DeviceKind kind, bool hasBudget)
    {
        var budget = new PhysicalDeviceMemoryBudgetPropertiesEXT { SType = StructureType.PhysicalDeviceMemoryBudgetPropertiesExt };
        var memory = new PhysicalDeviceMemoryProperties2 { SType = StructureType.PhysicalDeviceMemoryProperties2, PNext = hasBudget ? &budget : null };
        if (hasBudget) vk.GetPhysicalDeviceMemoryProperties2(device, &memory);
        else vk.GetPhysicalDeviceMemoryProperties(device, &memory.MemoryProperties);
        var heaps = new (MemoryHeap Heap, long Left)[memory.MemoryProperties.MemoryHeapCount];
        for (int i = 0; i < heaps.Length; i++)
        {
            // The budget is of all that this process has; what other models of it take is gone.
            heaps[i] = (memory.MemoryProperties.MemoryHeaps[i], Math.Max(0, (long)budget.HeapBudget[i] - (long)budget.HeapUsage[i]));
        }
        (long bytes, long left) = Usable(heaps, kind);
        return (bytes, hasBudget ? left : null);
    }

    /// <summary>Of a card the largest heap of its own; in the processor all heaps are the machine's memory, however it is divided.</summary>
    internal static (long Bytes, long Left) Usable(IEnumerable<(MemoryHeap Heap, long Left)> heaps, DeviceKind kind)
    {
        if (kind == DeviceKind.Integrated) return (heaps.Sum(one => (long)one.Heap.Size), heaps.Sum(one => one.Left));
        (MemoryHeap largest, long left) = heaps.Where(one => one.Heap.Flags.HasFlag(MemoryHeapFlags.DeviceLocalBit))
            .OrderByDescending(one => one.Heap.Size).FirstOrDefault();
        return ((long)largest.Size, left);
    }

    private static HashSet<string> Extensions(Vk vk, PhysicalDevice device)
    {
        uint count = 0;
        var names = new HashSet<string>();
        if (vk.EnumerateDeviceExtensionProperties(device, (byte*)null, ref count, null) != Result.Success || count == 0) return names;
        var all = new ExtensionProperties[count];
        fixed (ExtensionProperties* first = all) vk.EnumerateDeviceExtensionProperties(device, (byte*)null, ref count, first);
        foreach (ref ExtensionProperties one in all.AsSpan())
            fixed (byte* name = one.ExtensionName) names.Add(Text(name));
        return names;
    }

    private static DeviceKind Kind(PhysicalDeviceType type) => type switch
    {
        PhysicalDeviceType.DiscreteGpu => DeviceKind.Discrete,
        PhysicalDeviceType.IntegratedGpu => DeviceKind.Integrated,
        PhysicalDeviceType.VirtualGpu => DeviceKind.Virtual,
        PhysicalDeviceType.Cpu => DeviceKind.Software,
        _ => DeviceKind.Other,
    };

    // From a driver: it must not move the cursor of a terminal.
    private static string Text(byte* text) => ParScaleException.Escape(SilkMarshal.PtrToString((nint)text) ?? "");
}
