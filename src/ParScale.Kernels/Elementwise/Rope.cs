using System.Numerics;
using System.Runtime.CompilerServices;

namespace ParScale.Kernels.Elementwise;

/// <summary>
/// Rotary position embedding in the half-split layout of Qwen2: with h = D/2, the pair (x[i], x[i+h]) turns by
/// position * theta^(-2i/D).
/// </summary>
internal static partial class Rope
{
    /// <summary>Turns every head of one row in place. heads: [n, D]; cosine, sine: [D/2], the row's position.</summary>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(Span<float> heads, ReadOnlySpan<float> cosine, ReadOnlySpan<float> sine)
    {
        int half = cosine.Length;
        if (half == 0 || sine.Length != half || heads.Length % (2 * half) != 0) throw new ArgumentException("heads are not [n, D]", nameof(heads));
        for (int start = 0; start < heads.Length; start += 2 * half)
        {
            Span<float> first = heads.Slice(start, half), second = heads.Slice(start + half, half);
            int i = 0;
            for (; i <= half - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector<float> a = new(first[i..]), b = new(second[i..]), c = new(cosine[i..]), s = new(sine[i..]);
                (a * c - b * s).CopyTo(first[i..]);
                (b * c + a * s).CopyTo(second[i..]);
            }
            for (; i < half; i++)
            {
                (float a, float b) = (first[i], second[i]);
                first[i] = a * cosine[i] - b * sine[i];
                second[i] = b * cosine[i] + a * sine[i];
            }
        }
    }

    /// <summary>Fills what a position is multiplied with to give the angle of each pair. frequencies: [D/2].</summary>
    public static void Frequencies(double theta, Span<double> frequencies)
    {
        for (int i = 0; i < frequencies.Length; i++) frequencies[i] = Math.Pow(theta, -(double)i / frequencies.Length);
    }

    /// <summary>Fills the angles of one position. frequencies, cosine, sine: [D/2]. Computed in double precision.</summary>
    public static void Angles(int position, ReadOnlySpan<double> frequencies, Span<float> cosine, Span<float> sine)
    {
        for (int i = 0; i < frequencies.Length; i++)
        {
            (double s, double c) = Math.SinCos(position * frequencies[i]);
            (cosine[i], sine[i]) = ((float)c, (float)s);
        }
    }
}
