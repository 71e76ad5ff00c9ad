namespace ParScale.Kernels.Ops;

/// <summary>
/// Rotary position embedding in the half-split layout of Qwen2: with h = D/2, the pair (x[i], x[i+h]) turns by
/// position * theta^(-2i/D).
/// </summary>
internal static partial class Rope
{
    /// <summary>Turns every head of one row in place. heads: [n, D]; cosine, sine: [D/2], the row's position.</summary>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Run(Span<float> heads, ReadOnlySpan<float> cosine, ReadOnlySpan<float> sine)
    {
        int half = cosine.Length;
        if (half == 0 || sine.Length != half || heads.Length % (2 * half) != 0) throw new ArgumentException("heads are not [n, D]", nameof(heads));
        for (int start = 0; start < heads.Length; start += 2 * half)
        {
            Span<float> first = heads.Slice(start, half), second = heads.Slice(start + half, half);
            for (int i = 0; i < half; i++)
            {
                (float a, float b) = (first[i], second[i]);
                first[i] = a * cosine[i] - b * sine[i];
                second[i] = b * cosine[i] + a * sine[i];
            }
        }
    }

    /// <summary>Fills the angles of one position. cosine, sine: [D/2]. Computed in double precision.</summary>
    public static void Angles(int position, double theta, Span<float> cosine, Span<float> sine)
    {
        for (int i = 0; i < cosine.Length; i++)
        {
            double angle = position * Math.Pow(theta, -(double)i / cosine.Length);
            cosine[i] = (float)Math.Cos(angle);
            sine[i] = (float)Math.Sin(angle);
        }
    }
}
