namespace ParScale.Kernels.Elementwise;

internal static partial class SwiGlu
{
    /// <summary>The plain loop that <see cref="Run"/> must agree with, in double precision.</summary>
    public static void Reference(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y)
    {
        for (int i = 0; i < gate.Length; i++) y[i] = (float)(gate[i] / (1 + Math.Exp(-(double)gate[i])) * up[i]);
    }
}
