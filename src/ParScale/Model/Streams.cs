namespace ParScale.Model;

/// <summary>One input becomes P streams: all start from the same embedding and differ by their prefixes alone.</summary>
internal static class Streams
{
    /// <summary>x: [T, H], the first stream, to y: [P - 1, T, H], the others.</summary>
    public static void Replicate(ReadOnlySpan<float> x, Span<float> y)
    {
        for (int start = 0; start < y.Length; start += x.Length) x.CopyTo(y.Slice(start, x.Length));
    }
}
