namespace ParScale.Kernels.Elementwise;

internal static partial class SoftCap
{
    /// <summary>The plain loop that <see cref="Run"/> must agree with, in double precision.</summary>
    public static void Reference(Span<float> x, float cap)
    {
        foreach (ref float value in x) value = (float)(cap * Math.Tanh(value / (double)cap));
    }
}
