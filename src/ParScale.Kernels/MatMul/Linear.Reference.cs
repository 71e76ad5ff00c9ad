using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;

namespace ParScale.Kernels.MatMul;

internal static unsafe partial class Linear
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

    /// <summary>
    /// The plain loop that the kernels of grouped weights must agree with to the last bit: integer sums per group, then one
    /// float32 multiply-add per group, bias last.
    /// </summary>
    public static void QuantizedReference(WeightMatrix weights, ReadOnlySpan<float> x, int columns, ReadOnlySpan<float> bias, Span<float> y)
    {
        if (weights.Type == WeightType.Q8) QuantizedReference<Q8>(weights, x, columns, bias, y);
        else QuantizedReference<Q4>(weights, x, columns, bias, y);
    }

    private static void QuantizedReference<TFormat>(
        WeightMatrix weights, ReadOnlySpan<float> x, int columns, ReadOnlySpan<float> bias, Span<float> y) where TFormat : struct, IGroupFormat
    {
        int length = weights.Columns, groups = GroupLayout.Groups(weights.Type, length);
        var levels = new int[TFormat.GroupSize];
        for (int column = 0; column < columns; column++)
        {
            var sums = new float[weights.Rows];
            for (int group = 0; group < groups; group++)
            {
                int first = group * TFormat.GroupSize, count = Math.Min(TFormat.GroupSize, length - first);
                float xScale = RoundReference(x.Slice(column * length + first, count), levels);
                for (int row = 0; row < weights.Rows; row++)
                {
                    int tile = row / GroupLayout.TileRows, inTile = row % GroupLayout.TileRows;
                    byte* tileStart = weights.Data + tile * GroupLayout.TileBytes(weights.Type, length);
                    float scale = Bf16.FromBits(weights.Scales[((long)tile * groups + group) * GroupLayout.TileRows + inTile]);
                    int sum = 0;
                    for (int k = 0; k < count; k++) sum += TFormat.Load(tileStart, inTile, first + k) * levels[k];
                    sums[row] = MathF.FusedMultiplyAdd(sum, scale * xScale, sums[row]);
                }
            }
            for (int row = 0; row < weights.Rows; row++) y[column * weights.Rows + row] = bias.IsEmpty ? sums[row] : sums[row] + bias[row];
        }
    }

    private static float RoundReference(ReadOnlySpan<float> x, int[] levels)
    {
        float largest = 0;
        foreach (float value in x) largest = float.IsNaN(value) ? value : MathF.Max(largest, MathF.Abs(value));
        Array.Clear(levels);
        if (!float.IsFinite(largest)) return float.NaN;
        if (largest < GroupLayout.SmallestScale) return 0;
        float inverse = 127 / largest;
        for (int k = 0; k < x.Length; k++) levels[k] = (int)MathF.Round(x[k] * inverse);
        return largest / 127;
    }
}
