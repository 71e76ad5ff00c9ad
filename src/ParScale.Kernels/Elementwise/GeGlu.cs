using System.Runtime.CompilerServices;
using ParScale.Kernels.Machine;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Elementwise;

/// <summary>
/// y = gelu(gate) * up with gelu(x) = x / 2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), which is x / (1 + exp(-2 sqrt(2/pi) (x + 0.044715 x^3))).
/// </summary>
internal static partial class GeGlu
{
    private const float Cubic = 0.044715f;

    /// <summary>Element by element; all spans of one length. y may be gate or up. Bits do not depend on an element's place.</summary>
    public static void Run(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y, WorkerPool pool) => GatedProduct.Run<Gelu>(gate, up, y, pool);

    private readonly struct Gelu : IGate
    {
        private static readonly float LogFactor = (float)(-2 * Math.Sqrt(2 / Math.PI) * Math.Log2(Math.E));

        // There the result is below 1e-36, and e^-x still fits.
        public static float Least => -10;

        public static float Factor => LogFactor;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TFloat Curve<TSimd, TFloat, TInt>(TFloat x) where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct =>
            TSimd.Multiply(x, TSimd.MultiplyAdd(TSimd.Multiply(x, x), TSimd.Broadcast(Cubic), TSimd.Broadcast(1)));
    }
}
