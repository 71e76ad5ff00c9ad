using ParScale.Kernels.Formats;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Kernels;

/// <summary>Float32 activations on the device, [rows, stride]. What a product reads has zeros behind its columns.</summary>
/// <param name="Buffer">Where they lie.</param>
/// <param name="Stride">Numbers from one row to the next, a multiple of <see cref="Multiple"/>.</param>
internal readonly record struct DeviceRows(DeviceBuffer Buffer, int Stride)
{
    /// <summary>Whole groups of every format.</summary>
    public static int Multiple { get; } = QuantizedLayout.GroupSize(WeightDtype.Q8);

    /// <summary>The stride of so many columns.</summary>
    public static int Padded(int columns) => checked(columns + Multiple - 1) / Multiple * Multiple;

    /// <summary>The same rows without their first columns: what one of several joined matrices gave.</summary>
    public DeviceRows From(int column) => this with { Buffer = Buffer.From((long)column * sizeof(float)) };
}
