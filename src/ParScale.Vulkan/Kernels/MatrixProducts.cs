using ParScale.Kernels.Formats;
using ParScale.Vulkan.Devices;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Kernels;

/// <summary>Which products go to a device's matrices, and how: the sizes of matrix.glsl.</summary>
internal static class MatrixProducts
{
    // Outputs of a workgroup, and most rows of x.
    private const int Outputs = QuantizedLayout.TileRows, MostRows = 64, LeastRows = 32;

    /// <summary>Bytes that a workgroup shares: codes of a group of weights and of x, and the sums.</summary>
    public static int SharedBytes(WeightDtype type, bool isHalf, int rows)
    {
        int stride = QuantizedLayout.GroupSize(type) / (isHalf ? 2 : 4) + 4;
        return ((Outputs + rows) * stride + rows * Outputs) * sizeof(int);
    }

    /// <summary>Whether a device has the memory for each format's smallest tile.</summary>
    public static bool Fits(MatrixShape shape, int sharedMemory) =>
        Math.Max(SharedBytes(WeightDtype.Q8, shape.IsHalf, LeastRows), SharedBytes(WeightDtype.Q4, shape.IsHalf, LeastRows)) <= sharedMemory;

    /// <summary>
    /// Whether so many rows take matrices. Up to <see cref="MatMul.MostRows"/> share one reading of the weights without them, and that is what a product
    /// waits for; with more, the weights are read again for each so many, while a tile of matrices has four times as many rows.
    /// </summary>
    public static bool Takes(VulkanDevice device, int rows) => rows > MatMul.MostRows && device.Matrices is not null;

    /// <summary>Rows of x of a workgroup.</summary>
    public static int RowsTogether(VulkanDevice device, WeightDtype type, MatrixShape shape, int rows) =>
        rows > LeastRows && SharedBytes(type, shape.IsHalf, MostRows) <= device.Description.SharedMemory ? MostRows : LeastRows;

    /// <summary>The shader for a shape.</summary>
    public static string Shader(MatrixShape shape) => shape.IsHalf ? "matmul_matrix_half" : "matmul_matrix";
}
