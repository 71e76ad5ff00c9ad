using System.Runtime.CompilerServices;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Formats;

/// <summary>The codes of one group in vectors: the same to the last bit in every width and one by one.</summary>
internal static unsafe class QuantizedCodes
{
    /// <summary>The largest magnitude of <paramref name="count"/> values, a multiple of <see cref="Simd.Lanes"/>; NaN when one is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest<TSimd, TFloat, TInt>(float* values, int count)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
    {
        TInt largest = default;
        for (int i = 0; i < count; i += TSimd.Count) largest = TSimd.MaxInt(largest, TSimd.MagnitudeBits(TSimd.Load(values + i)));
        return BitConverter.Int32BitsToSingle(TSimd.MaxAcrossInt(largest));
    }

    /// <summary>
    /// codes[i] = round(values[i] / scale), ties to even, within least .. most. <paramref name="count"/>: a multiple of four times
    /// <see cref="Simd.Lanes"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Round<TSimd, TFloat, TInt>(float* values, int count, float scale, int least, int most, sbyte* codes)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
    {
        TFloat divisor = TSimd.Broadcast(scale), low = TSimd.Broadcast(least), high = TSimd.Broadcast(most);
        for (int i = 0; i < count; i += 4 * TSimd.Count)
        {
            float* v = values + i;
            TInt a = Code<TSimd, TFloat, TInt>(v, divisor, low, high), b = Code<TSimd, TFloat, TInt>(v + TSimd.Count, divisor, low, high);
            v += 2 * TSimd.Count;
            TInt c = Code<TSimd, TFloat, TInt>(v, divisor, low, high), d = Code<TSimd, TFloat, TInt>(v + TSimd.Count, divisor, low, high);
            TSimd.StoreBytes(a, b, c, d, codes + i);
        }
    }

    /// <summary>
    /// How far scale * codes is from the values. It is summed in units of the scale, where nothing overflows.
    /// <paramref name="count"/>: a multiple of <see cref="Simd.Lanes"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RoundingError Error<TSimd, TFloat, TInt>(float* values, int count, float scale, sbyte* codes)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
    {
        if (scale == 0) return new RoundingError(0, 0);
        TFloat inverse = TSimd.Broadcast(1 / scale);
        float* errors = stackalloc float[Simd.Lanes], squares = stackalloc float[Simd.Lanes];
        for (int lane = 0; lane < Simd.Lanes; lane += TSimd.Count)
        {
            TFloat errorSum = default, squareSum = default;
            for (int i = lane; i < count; i += Simd.Lanes)
            {
                TFloat value = TSimd.Multiply(TSimd.Load(values + i), inverse);
                TFloat error = TSimd.Subtract(value, TSimd.ToFloat(TSimd.WidenBytes(codes + i)));
                errorSum = TSimd.Add(errorSum, TSimd.Multiply(error, error));
                squareSum = TSimd.Add(squareSum, TSimd.Multiply(value, value));
            }
            TSimd.Store(errorSum, errors + lane);
            TSimd.Store(squareSum, squares + lane);
        }
        double unit = (double)scale * scale;
        return new RoundingError(Simd.SumLanes(errors) * unit, Simd.SumLanes(squares) * unit);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TInt Code<TSimd, TFloat, TInt>(float* value, TFloat divisor, TFloat low, TFloat high)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct =>
        TSimd.RoundToInt(TSimd.Min(TSimd.Max(TSimd.Divide(TSimd.Load(value), divisor), low), high));
}

/// <summary>How far rounded weights are from what they were.</summary>
/// <param name="Squares">Sum of the squared differences; NaN when a value was not finite.</param>
/// <param name="Values">Sum of the squared values.</param>
internal readonly record struct RoundingError(double Squares, double Values)
{
    /// <summary>Root mean square of the differences over that of the values; 0 when all values are 0.</summary>
    public double Relative => Values == 0 ? 0 : Math.Sqrt(Squares / Values);

    /// <summary>Both together.</summary>
    public static RoundingError operator +(RoundingError a, RoundingError b) => new(a.Squares + b.Squares, a.Values + b.Values);
}
