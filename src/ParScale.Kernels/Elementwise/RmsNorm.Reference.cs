namespace ParScale.Kernels.Elementwise;

internal static partial class RmsNorm
{
    /// <summary>The plain loop that <see cref="Run"/> must agree with. Sums in double precision.</summary>
    public static void Reference(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> y)
    {
        for (int start = 0; start < x.Length; start += weight.Length)
        {
            double squares = 0;
            for (int i = 0; i < weight.Length; i++) squares += (double)x[start + i] * x[start + i];
            double scale = 1 / Math.Sqrt(squares / weight.Length + epsilon);
            for (int i = 0; i < weight.Length; i++) y[start + i] = (float)(x[start + i] * scale * weight[i]);
        }
    }
}
