using System.Runtime.CompilerServices;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Elementwise;

/// <summary>
/// Rotary position embedding in the half-split layout: of the first 2h numbers of a head, the pair (x[i], x[i+h]) turns by
/// position * frequency[i]; the numbers behind them stay.
/// </summary>
internal static unsafe partial class Rope
{
    /// <summary>Turns every head of one row in place. heads: [n, headSize]; cosine, sine: [h], the row's position.</summary>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Run(Span<float> heads, int headSize, ReadOnlySpan<float> cosine, ReadOnlySpan<float> sine)
    {
        int half = cosine.Length;
        if (half == 0 || sine.Length != half || 2 * half > headSize || heads.Length % headSize != 0) throw new ArgumentException("heads are not [n, D]", nameof(heads));
        fixed (float* x = heads, c = cosine, s = sine) Simd.Run(new Rotation(x, heads.Length, headSize, c, s, half));
    }

    private readonly struct Rotation(float* heads, int count, int size, float* cosine, float* sine, int half) : ISimdKernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TSimd, TFloat, TInt>() where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
        {
            float* c = cosine, s = sine;
            int h = half;
            for (float* head = heads, end = heads + count; head < end; head += size)
            {
                float* first = head, second = head + h;
                int i = 0;
                for (; i <= h - TSimd.Count; i += TSimd.Count)
                {
                    TFloat a = TSimd.Load(first + i), b = TSimd.Load(second + i), cos = TSimd.Load(c + i), sin = TSimd.Load(s + i);
                    TSimd.Store(TSimd.Subtract(TSimd.Multiply(a, cos), TSimd.Multiply(b, sin)), first + i);
                    TSimd.Store(TSimd.Add(TSimd.Multiply(b, cos), TSimd.Multiply(a, sin)), second + i);
                }
                for (; i < h; i++)
                {
                    (float a, float b) = (first[i], second[i]);
                    first[i] = a * c[i] - b * s[i];
                    second[i] = b * c[i] + a * s[i];
                }
            }
        }
    }

    /// <summary>Fills what a position is multiplied with to give the angle of each pair: theta^(-i/h). frequencies: [h].</summary>
    public static void Frequencies(double theta, Span<double> frequencies)
    {
        for (int i = 0; i < frequencies.Length; i++) frequencies[i] = Math.Pow(theta, -(double)i / frequencies.Length);
    }

    /// <summary>
    /// Fills the angles of one position, cosines and sines times <paramref name="magnitude"/>. frequencies, cosine, sine: [h]. Computed in
    /// double precision.
    /// </summary>
    public static void Angles(int position, ReadOnlySpan<double> frequencies, double magnitude, Span<float> cosine, Span<float> sine)
    {
        for (int i = 0; i < frequencies.Length; i++)
        {
            (double s, double c) = Math.SinCos(position * frequencies[i]);
            (cosine[i], sine[i]) = ((float)(c * magnitude), (float)(s * magnitude));
        }
    }
}
