namespace ParScale.Kernels.Elementwise;

internal static partial class Rope
{
    /// <summary>The definition, as a rotation of complex numbers, that <see cref="Run"/> must agree with. heads: [n, D].</summary>
    public static void Reference(Span<float> heads, int headSize, int position, double theta)
    {
        int half = headSize / 2;
        for (int start = 0; start < heads.Length; start += headSize)
        {
            for (int i = 0; i < half; i++)
            {
                var value = new System.Numerics.Complex(heads[start + i], heads[start + i + half]);
                value *= System.Numerics.Complex.FromPolarCoordinates(1, position * Math.Pow(theta, -2.0 * i / headSize));
                heads[start + i] = (float)value.Real;
                heads[start + i + half] = (float)value.Imaginary;
            }
        }
    }
}
