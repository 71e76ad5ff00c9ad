namespace ParScale.Kernels.Elementwise;

internal static unsafe partial class ChosenRows
{
    /// <summary>The plain loop that <see cref="Gather"/> must agree with, to the last bit.</summary>
    public static void GatherReference(ReadOnlySpan<float> x, int width, ReadOnlySpan<int> rows, Span<float> y)
    {
        for (int i = 0; i < rows.Length; i++)
            for (int k = 0; k < width; k++) y[i * width + k] = x[rows[i] * width + k];
    }

    /// <summary>The same for <see cref="AddScaled"/>.</summary>
    public static void AddScaledReference(ReadOnlySpan<float> x, int width, ReadOnlySpan<int> rows, ReadOnlySpan<float> scales, Span<float> y)
    {
        for (int i = 0; i < rows.Length; i++)
            for (int k = 0; k < width; k++) y[rows[i] * width + k] += x[i * width + k] * scales[i];
    }
}
