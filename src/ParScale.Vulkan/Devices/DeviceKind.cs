namespace ParScale.Vulkan.Devices;

/// <summary>What a Vulkan device is. The better ones have the larger numbers.</summary>
internal enum DeviceKind
{
    /// <summary>None of the others.</summary>
    Other,

    /// <summary>A driver that computes on the CPU: for tests, and never chosen unless it is named.</summary>
    Software,

    /// <summary>A share of a card, in a virtual machine.</summary>
    Virtual,

    /// <summary>In the processor, with the machine's memory.</summary>
    Integrated,

    /// <summary>A card with memory of its own.</summary>
    Discrete,
}
