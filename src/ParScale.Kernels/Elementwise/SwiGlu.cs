using System.Runtime.CompilerServices;
using ParScale.Kernels.Machine;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Elementwise;

/// <summary>y = silu(gate) * up with silu(x) = x / (1 + exp(-x)).</summary>
internal static partial class SwiGlu
{
    /// <summary>Element by element; all spans of one length. y may be gate or up. Bits do not depend on an element's place.</summary>
    public static void Run(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y, WorkerPool pool) => GatedProduct.Run<Sigmoid>(gate, up, y, pool);

    /// <summary>silu alone, in place.</summary>
    public static void Silu(Span<float> x)
    {
        foreach (ref float value in x) value /= 1 + MathF.Exp(-value);
    }

    private readonly struct Sigmoid : IGate
    {
        private static readonly float MinusLogTwoE = -MathF.Log2(MathF.E);

        public static float Least => -87;

        public static float Factor => MinusLogTwoE;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TFloat Curve<TSimd, TFloat, TInt>(TFloat x) where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct => x;
    }
}
