namespace ParScale.Kernels.Elementwise;

internal static partial class GeGlu
{
    /// <summary>The plain loop that <see cref="Run"/> must agree with, in double precision.</summary>
    public static void Reference(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y)
    {
        for (int i = 0; i < gate.Length; i++)
        {
            double x = gate[i];
            y[i] = (float)(x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))) * up[i]);
        }
    }
}
