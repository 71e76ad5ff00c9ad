using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Threads;

namespace ParScale.Kernels.MatMul;

/// <summary>
/// y[c,n] = bias[n] + sum_k w[n,k] x[c,k]. Columns are the rows of all P streams: each weight is read from memory once
/// and used for every one of them, which is why extra streams are cheap. Every tile adds the products of one output in
/// the same order, so a result depends neither on the number of threads nor on what else is in the batch.
/// </summary>
internal static unsafe partial class Linear
{
    /// <summary>
    /// Multiplies. weights: [N, K]; x: [columns, K]; bias: [N] or empty; y: [columns, N], may not overlap x. For grouped weights x
    /// is first rounded into scratch; without one, memory is taken for this call alone.
    /// </summary>
    /// <exception cref="ArgumentException">A length does not fit the shapes.</exception>
    public static void Run(
        WeightMatrix weights, ReadOnlySpan<float> x, int columns, ReadOnlySpan<float> bias, Span<float> y, WorkerPool pool,
        QuantizedColumns? scratch = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(pool);
        if (x.Length != (long)columns * weights.Columns) throw new ArgumentException("x is not [columns, K]", nameof(x));
        if (y.Length != (long)columns * weights.Rows) throw new ArgumentException("y is not [columns, N]", nameof(y));
        if (!bias.IsEmpty && bias.Length != weights.Rows) throw new ArgumentException("bias is not [N]", nameof(bias));

        fixed (float* xs = x, ys = y, biases = bias)
        {
            switch (weights.Type)
            {
                case WeightType.F32: FloatMatMul.Run<F32>(weights, xs, columns, biases, ys, pool); break;
                case WeightType.Bf16: FloatMatMul.Run<Bf16>(weights, xs, columns, biases, ys, pool); break;
                default:
                    QuantizedColumns rounded = scratch ?? new QuantizedColumns();
                    rounded.Fill(x, columns, weights.Type, pool);
                    QuantizedMatMul.Run(weights, rounded, biases, ys, pool);
                    if (scratch is null) rounded.Dispose();
                    break;
            }
        }
        GC.KeepAlive(weights);
    }

    /// <summary>
    /// Up to three products with the same x: rounded weights of one type share one rounding of x and one division of the work
    /// among the threads. The same bits as one by one.
    /// </summary>
    public static void RunAll(
        ReadOnlySpan<Product> products, ReadOnlySpan<float> x, int columns, WorkerPool pool, QuantizedColumns scratch)
    {
        WeightType type = products[0].Weights.Type;
        bool together = GroupLayout.IsGrouped(type);
        foreach (Product product in products) together &= product.Weights.Type == type;
        if (together)
        {
            scratch.Fill(x, columns, type, pool);
            QuantizedMatMul.Run(products, scratch, pool);
            return;
        }
        foreach (Product product in products)
            Run(product.Weights, x, columns, product.Bias, product.Y.AsSpan(0, columns * product.Weights.Rows), pool, scratch);
    }

    /// <summary>One of several products with the same x.</summary>
    /// <param name="Weights">[N, K]</param>
    /// <param name="Bias">[N], or empty.</param>
    /// <param name="Y">At least [columns, N].</param>
    internal readonly record struct Product(WeightMatrix Weights, float[] Bias, float[] Y);
}
