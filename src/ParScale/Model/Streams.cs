namespace ParScale.Model;

/// <summary>One input becomes P streams: all start from the same embedding and differ by their prefixes alone.</summary>
internal static class Streams
{
    /// <summary>x: [S, H] to y: [P, S, H].</summary>
    public static void Replicate(ReadOnlySpan<float> x, int streams, Span<float> y)
    {
        for (int p = 0; p < streams; p++) x.CopyTo(y.Slice(p * x.Length, x.Length));
    }
}
