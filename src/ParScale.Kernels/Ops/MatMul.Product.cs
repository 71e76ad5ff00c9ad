using ParScale.Kernels.Memory;

namespace ParScale.Kernels.Ops;

internal static unsafe partial class MatMul
{
    /// <summary>One of several products with the same x.</summary>
    /// <param name="Weights">[N, K]</param>
    /// <param name="Bias">[N], or empty.</param>
    /// <param name="Y">At least [columns, N].</param>
    internal readonly record struct Product(WeightMatrix Weights, float[] Bias, float[] Y);
}
