using ParScale.Kernels.Memory;

namespace ParScale.Kernels.Ops;

internal static partial class MatMul
{
    /// <summary>The plain loop that <see cref="Run"/> must agree with. Sums in double precision.</summary>
    public static void Reference(WeightMatrix weights, ReadOnlySpan<float> x, int columns, ReadOnlySpan<float> bias, Span<float> y)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var row = new float[weights.Columns];
        for (int n = 0; n < weights.Rows; n++)
        {
            weights.CopyRow(n, row);
            for (int c = 0; c < columns; c++)
            {
                double sum = bias.IsEmpty ? 0 : bias[n];
                for (int k = 0; k < row.Length; k++) sum += (double)row[k] * x[c * row.Length + k];
                y[c * weights.Rows + n] = (float)sum;
            }
        }
    }
}
