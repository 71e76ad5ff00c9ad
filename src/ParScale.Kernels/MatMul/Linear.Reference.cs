using System.Runtime.Intrinsics;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.MatMul;

internal static unsafe partial class Linear
{
    /// <summary>The plain loop that <see cref="Run"/> must agree with. Sums in double precision.</summary>
    public static void Reference(WeightMatrix weights, ReadOnlySpan<float> x, int rows, ReadOnlySpan<float> bias, Span<float> y)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var row = new float[weights.Columns];
        for (int n = 0; n < weights.Rows; n++)
        {
            weights.CopyRow(n, row);
            for (int r = 0; r < rows; r++)
            {
                double sum = bias.IsEmpty ? 0 : bias[n];
                for (int k = 0; k < row.Length; k++) sum += (double)row[k] * x[r * row.Length + k];
                y[r * weights.Rows + n] = (float)sum;
            }
        }
    }

    /// <summary>
    /// The plain loop that the kernels of block-quantized weights must agree with to the last bit: integer sums per group, then one
    /// float32 multiply-add per group, bias last.
    /// </summary>
    public static void QuantizedReference(WeightMatrix weights, ReadOnlySpan<float> x, int rows, ReadOnlySpan<float> bias, Span<float> y) =>
        WeightFormats.RunQuantized(weights.Type, new PlainLoop(weights, x, rows, bias, y));

    /// <summary>
    /// The product with float weights in 256-bit vectors, also where the machine has wider ones. Intrinsics: without generated code, also where
    /// the system allows it. The same bits as <see cref="Run"/> where the machine multiplies and adds in one rounding.
    /// </summary>
    public static void In256Bits(
        WeightMatrix weights, ReadOnlySpan<float> x, int rows, ReadOnlySpan<float> bias, Span<float> y, WorkerPool pool, bool intrinsics)
    {
        Check(weights, x.Length, rows, bias.Length, y.Length);
        fixed (float* xs = x, ys = y, biases = bias)
            WeightFormats.RunFloat(weights.Type, new NarrowProduct(weights, xs, rows, biases, ys, pool, intrinsics));
        GC.KeepAlive(weights);
    }

    private readonly struct NarrowProduct(WeightMatrix weights, float* x, int rows, float* bias, float* y, WorkerPool pool, bool intrinsics)
        : IFloatFormatKernel
    {
        public void Run<TFormat>() where TFormat : struct, IFloatFormat =>
            new FloatMatMul.Product<TFormat>(weights, x, rows, bias, y, pool, intrinsics).Run<Simd256, Vector256<float>, Vector256<int>>();
    }

    private readonly ref struct PlainLoop(
        WeightMatrix weights, ReadOnlySpan<float> x, int rows, ReadOnlySpan<float> bias, Span<float> y) : IQuantizedFormatKernel
    {
        private readonly ReadOnlySpan<float> _x = x, _bias = bias;
        private readonly Span<float> _y = y;

        public void Run<TFormat>() where TFormat : struct, IQuantizedFormat
        {
            int length = weights.Columns, groups = QuantizedLayout.Groups(weights.Type, length);
            var codes = new int[TFormat.GroupSize];
            for (int row = 0; row < rows; row++)
            {
                var sums = new float[weights.Rows];
                for (int group = 0; group < groups; group++)
                {
                    int first = group * TFormat.GroupSize, count = Math.Min(TFormat.GroupSize, length - first);
                    float xScale = RoundReference(_x.Slice(row * length + first, count), codes);
                    for (int n = 0; n < weights.Rows; n++)
                    {
                        int tile = n / QuantizedLayout.TileRows, inTile = n % QuantizedLayout.TileRows;
                        byte* tileStart = weights.Data + tile * QuantizedLayout.TileBytes(weights.Type, length);
                        float scale = Bf16.FromBits(weights.Scales[((long)tile * groups + group) * QuantizedLayout.TileRows + inTile]);
                        int sum = 0;
                        for (int k = 0; k < count; k++) sum += TFormat.Load(tileStart, inTile, first + k) * codes[k];
                        sums[n] = MathF.FusedMultiplyAdd(sum, scale * xScale, sums[n]);
                    }
                }
                for (int n = 0; n < weights.Rows; n++) _y[row * weights.Rows + n] = _bias.IsEmpty ? sums[n] : sums[n] + _bias[n];
            }
        }
    }

    private static float RoundReference(ReadOnlySpan<float> x, int[] codes)
    {
        float largest = 0;
        foreach (float value in x) largest = float.IsNaN(value) ? value : MathF.Max(largest, MathF.Abs(value));
        Array.Clear(codes);
        if (!float.IsFinite(largest)) return float.NaN;
        if (largest < QuantizedLayout.SmallestScale) return 0;
        float inverse = 127 / largest;
        for (int k = 0; k < x.Length; k++) codes[k] = (int)MathF.Round(x[k] * inverse);
        return largest / 127;
    }
}
