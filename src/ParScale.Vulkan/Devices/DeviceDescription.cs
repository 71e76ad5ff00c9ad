namespace ParScale.Vulkan.Devices;

/// <summary>What a driver says of one device. Sizes in bytes.</summary>
internal sealed record DeviceDescription
{
    /// <summary>Its place in the loader's list, from 0: what <c>vulkan:n</c> names.</summary>
    public required int Index { get; init; }

    /// <summary>As the driver calls it.</summary>
    public required string Name { get; init; }

    /// <summary>Card, part of the processor, or software.</summary>
    public required DeviceKind Kind { get; init; }

    /// <summary>Whether it computes on the CPU.</summary>
    public bool IsSoftware => Kind == DeviceKind.Software;

    /// <summary>Name and version of the driver, as it describes itself.</summary>
    public required string Driver { get; init; }

    /// <summary>The Vulkan that it speaks, such as 1.3.230.</summary>
    public required Version ApiVersion { get; init; }

    /// <summary>The largest heap of memory of its own; of an integrated one all heaps, which are the machine's.</summary>
    public required long Memory { get; init; }

    /// <summary>What the system lets this process take of it now; null where the driver cannot tell (VK_EXT_memory_budget).</summary>
    public required long? MemoryBudget { get; init; }

    /// <summary>Largest single allocation.</summary>
    public required long LargestAllocation { get; init; }

    /// <summary>Memory that the threads of a workgroup share.</summary>
    public required int SharedMemory { get; init; }

    /// <summary>Most threads of a workgroup.</summary>
    public required int WorkgroupThreads { get; init; }

    /// <summary>Threads that run in lock-step; 0 where the driver does not tell.</summary>
    public required int SubgroupSize { get; init; }

    /// <summary>Whether it has an instruction for the dot product of four 8-bit integers.</summary>
    public required bool IntegerDotProduct { get; init; }

    /// <summary>The matrices that its subgroups multiply and products can take, the best ones first; empty where it has none.</summary>
    public IReadOnlyList<MatrixShape> Matrices { get; init; } = [];

    /// <summary>Whether a shader can ask that no subgroup has idle lanes.</summary>
    public bool FullSubgroups { get; init; }

    /// <summary>Whether it lists <see cref="DeviceReader.SubsetExtension"/>.</summary>
    public bool IsSubset { get; init; }

    /// <summary>What the engine needs and it has not; empty where it can be used.</summary>
    public required IReadOnlyList<string> Missing { get; init; }
}
