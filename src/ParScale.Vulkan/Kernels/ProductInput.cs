using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Kernels;

/// <summary>
/// Rows as a product reads them: float32, or rounded to 8 bits group by group, as the CPU rounds them for block-quantized weights. What
/// computes them writes either, so that rounding takes no command of its own.
/// </summary>
/// <param name="Rows">Floats; not written where codes are.</param>
/// <param name="Codes">[rows, groups, group size], four codes to a word; null for floats.</param>
/// <param name="Scales">[rows, groups, 2]: the scale, and the sum of the codes; null for floats.</param>
/// <param name="GroupSize">Numbers of a group; 0 for floats.</param>
/// <param name="Groups">Groups of a row.</param>
internal readonly record struct ProductInput(DeviceRows Rows, DeviceBuffer? Codes = null, DeviceBuffer? Scales = null, int GroupSize = 0, int Groups = 0)
{
    /// <summary>Whether it is rounded.</summary>
    public bool IsRounded => GroupSize != 0;

    /// <summary>Numbers that a kernel writes in a row, with the zeros behind the true ones.</summary>
    public int Width => IsRounded ? Groups * GroupSize : Rows.Stride;

    public static implicit operator ProductInput(DeviceRows rows) => new(rows);

    /// <summary>The three pointers of a kernel that writes it.</summary>
    public Arguments WrittenBy(Arguments arguments) =>
        IsRounded ? arguments.Write(null).Write(Codes).Write(Scales) : arguments.Write(Rows.Buffer).Write(null).Write(null);
}
