namespace ParScale.Vulkan.Devices;

/// <summary>Matrices that the lanes of a subgroup multiply together (VK_KHR_cooperative_matrix): [rows, depth] times [depth, outputs], added to [rows, outputs].</summary>
/// <param name="Rows">Rows of x.</param>
/// <param name="Outputs">Outputs.</param>
/// <param name="Depth">Products that are added up.</param>
/// <param name="IsHalf">Whether they are float16, with sums in float32; else signed 8-bit integers, with sums in 32 bits.</param>
internal readonly record struct MatrixShape(int Rows, int Outputs, int Depth, bool IsHalf)
{
    /// <summary>Whether a tile of the shader consists of such matrices: 32 outputs, 32 or 64 rows, groups of 64 or 128.</summary>
    public bool FillsTiles => Rows > 0 && 32 % Rows == 0 && Outputs > 0 && 32 % Outputs == 0 && Depth >= 4 && 64 % Depth == 0;

    /// <inheritdoc/>
    public override string ToString() => $"{Rows}x{Outputs}x{Depth} {(IsHalf ? "f16" : "int8")}";
}
