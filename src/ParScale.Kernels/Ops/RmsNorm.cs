using System.Numerics.Tensors;

namespace ParScale.Kernels.Ops;

/// <summary>y = x / sqrt(mean(x^2) + eps) * weight, per row.</summary>
internal static partial class RmsNorm
{
    /// <summary>Normalises each row. x, y: [rows, H] with H the length of <paramref name="weight"/>; y may be x.</summary>
    /// <exception cref="ArgumentException">x or y is not a whole number of rows, or they differ in length.</exception>
    public static void Run(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> y)
    {
        if (weight.IsEmpty || x.Length % weight.Length != 0 || x.Length != y.Length) throw new ArgumentException("x and y are not [rows, H]");
        for (int start = 0; start < x.Length; start += weight.Length)
        {
            ReadOnlySpan<float> row = x.Slice(start, weight.Length);
            Span<float> output = y.Slice(start, weight.Length);
            float meanSquare = TensorPrimitives.SumOfSquares(row) / weight.Length;
            TensorPrimitives.Multiply(row, 1 / MathF.Sqrt(meanSquare + epsilon), output);
            TensorPrimitives.Multiply(output, weight, output);
        }
    }
}
