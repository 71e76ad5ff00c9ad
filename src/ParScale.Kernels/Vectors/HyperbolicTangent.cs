using System.Runtime.CompilerServices;

namespace ParScale.Kernels.Vectors;

/// <summary>tanh, for scores and logits that are capped.</summary>
internal static class HyperbolicTangent
{
    // tanh(9) rounds to 1.
    private const float Largest = 9;

    /// <summary>
    /// Relative error below 1e-6, also near 0; a NaN stays. The continued fraction of tanh, x / (1 + x^2 / (3 + x^2 / (5 + ...))) up to 13,
    /// is taken of a quarter of x, where it is exact to single precision, and tanh 2y = 2 tanh y / (1 + tanh^2 y) twice.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat Of<TSimd, TFloat, TInt>(TFloat x)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
    {
        x = TSimd.Min(TSimd.Broadcast(Largest), TSimd.Max(TSimd.Broadcast(-Largest), x));
        TFloat quarter = TSimd.Multiply(x, TSimd.Broadcast(0.25f)), square = TSimd.Multiply(quarter, quarter);
        TFloat above = TSimd.Add(square, TSimd.Broadcast(378));
        above = TSimd.MultiplyAdd(above, square, TSimd.Broadcast(17325));
        above = TSimd.MultiplyAdd(above, square, TSimd.Broadcast(135135));
        TFloat below = TSimd.MultiplyAdd(square, TSimd.Broadcast(28), TSimd.Broadcast(3150));
        below = TSimd.MultiplyAdd(below, square, TSimd.Broadcast(62370));
        below = TSimd.MultiplyAdd(below, square, TSimd.Broadcast(135135));
        TFloat result = TSimd.Divide(TSimd.Multiply(quarter, above), below);
        return Doubled<TSimd, TFloat, TInt>(Doubled<TSimd, TFloat, TInt>(result));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TFloat Doubled<TSimd, TFloat, TInt>(TFloat tangent)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct =>
        TSimd.Divide(TSimd.Add(tangent, tangent), TSimd.MultiplyAdd(tangent, tangent, TSimd.Broadcast(1)));
}
