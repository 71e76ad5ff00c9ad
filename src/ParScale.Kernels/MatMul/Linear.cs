using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.Memory;

namespace ParScale.Kernels.MatMul;

/// <summary>
/// y[r,n] = bias[n] + sum_k w[n,k] x[r,k]. The R rows are those of all P streams: each weight is read from memory once
/// and used for every one of them, which is why extra streams are cheap. Every tile adds the products of one output in
/// the same order, so a result depends neither on the number of threads nor on what else is in the batch.
/// </summary>
internal static unsafe partial class Linear
{
    /// <summary>
    /// Multiplies. weights: [N, K]; x: [R, K]; bias: [N] or empty; y: [R, N], may not overlap x. For block-quantized weights x
    /// is first rounded into scratch; without one, memory is taken for this call alone.
    /// </summary>
    /// <exception cref="ArgumentException">A length does not fit the shapes.</exception>
    public static void Run(
        WeightMatrix weights, ReadOnlySpan<float> x, int rows, ReadOnlySpan<float> bias, Span<float> y, WorkerPool pool,
        QuantizedActivations? scratch = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(pool);
        Check(weights, x.Length, rows, bias.Length, y.Length);
        fixed (float* xs = x, ys = y, biases = bias)
        {
            if (WeightFormats.IsQuantized(weights.Type))
            {
                QuantizedActivations rounded = scratch ?? new QuantizedActivations();
                rounded.Fill(x, rows, weights.Type, pool);
                QuantizedMatMul.Run(weights, rounded, biases, ys, pool);
                if (scratch is null) rounded.Dispose();
            }
            else
            {
                FloatMatMul.Run(weights, xs, rows, biases, ys, pool);
            }
        }
        GC.KeepAlive(weights);
    }

    /// <summary>
    /// Up to three products with the same x: rounded weights of one type share one rounding of x and one division of the work
    /// among the threads. The same bits as one by one.
    /// </summary>
    /// <exception cref="ArgumentException">A length does not fit the shapes.</exception>
    public static void RunAll(
        ReadOnlySpan<Product> products, ReadOnlySpan<float> x, int rows, WorkerPool pool, QuantizedActivations scratch)
    {
        WeightDtype type = products[0].Weights.Type;
        bool together = WeightFormats.IsQuantized(type);
        foreach (Product product in products) together &= product.Weights.Type == type;
        if (!together || products.Length == 1)
        {
            foreach (Product product in products)
                Run(product.Weights, x, rows, product.Bias, product.Y.AsSpan(0, rows * product.Weights.Rows), pool, scratch);
            return;
        }
        foreach (Product product in products)
            Check(product.Weights, x.Length, rows, product.Bias.Length, Math.Min(product.Y.Length, (long)rows * product.Weights.Rows));
        scratch.Fill(x, rows, type, pool);
        QuantizedMatMul.Run(products, scratch, pool);
        foreach (Product product in products) GC.KeepAlive(product.Weights);
    }

    /// <summary>Two or three products with rows that were rounded before, for block-quantized weights of the type that they were rounded for.</summary>
    /// <exception cref="ArgumentException">A length does not fit the shapes.</exception>
    public static void RunAll(ReadOnlySpan<Product> products, QuantizedActivations x, WorkerPool pool)
    {
        foreach (Product product in products)
        {
            if (product.Weights.Type != products[0].Weights.Type || x.Groups != QuantizedLayout.Groups(product.Weights.Type, product.Weights.Columns))
                throw new ArgumentException("x was rounded for other weights", nameof(x));
            Check(product.Weights, x.Rows * product.Weights.Columns, x.Rows, product.Bias.Length, Math.Min(product.Y.Length, (long)x.Rows * product.Weights.Rows));
        }
        QuantizedMatMul.Run(products, x, pool);
        foreach (Product product in products) GC.KeepAlive(product.Weights);
    }

    private static void Check(WeightMatrix weights, int x, int rows, int bias, long y)
    {
        if (x != (long)rows * weights.Columns) throw new ArgumentException("x is not [R, K]", nameof(x));
        if (y != (long)rows * weights.Rows) throw new ArgumentException("y is not [R, N]", nameof(y));
        if (bias != 0 && bias != weights.Rows) throw new ArgumentException("bias is not [N]", nameof(bias));
    }

    /// <summary>One of several products with the same x.</summary>
    /// <param name="Weights">[N, K]</param>
    /// <param name="Bias">[N], or empty.</param>
    /// <param name="Y">At least [R, N].</param>
    internal readonly record struct Product(WeightMatrix Weights, float[] Bias, float[] Y);
}
