using System.Numerics.Tensors;

namespace ParScale.Kernels.Elementwise;

/// <summary>y = sum_p w[p] x[p], with x[p] taken every <c>stride</c> values.</summary>
internal static class WeightedSum
{
    /// <summary>weights: [P]; x: P rows of the length of y, row p at p * stride; y may not overlap x.</summary>
    public static void Run(ReadOnlySpan<float> weights, ReadOnlySpan<float> x, int stride, Span<float> y)
    {
        y.Clear();
        for (int p = 0; p < weights.Length; p++) TensorPrimitives.MultiplyAdd(x.Slice(p * stride, y.Length), weights[p], y, y);
    }
}
