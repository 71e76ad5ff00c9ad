using System.Runtime.CompilerServices;

namespace ParScale.Kernels.Vectors;

/// <summary>2^x for the weights of a softmax.</summary>
internal static class Exponent
{
    // The series of 2^r = e^(r ln 2) up to r^6; |r| is at most a half, so the rest is below 2e-7 of the value.
    private const float C1 = 0.69314718f, C2 = 0.24022651f, C3 = 0.055504109f, C4 = 0.0096181291f, C5 = 0.0013333558f, C6 = 0.00015403530f;

    /// <summary>2^x for x up to 127, exactly 1 at 0; below -126.5 it is 0. Relative error below 3e-7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat Two<TSimd, TFloat, TInt>(TFloat x)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
    {
        // The exponent of 2^-127 would be that of 0. A NaN stays: it is the second one.
        x = TSimd.Max(TSimd.Broadcast(-127), x);
        TFloat whole = TSimd.Round(x);
        TFloat rest = TSimd.MultiplyAdd(whole, TSimd.Broadcast(-1), x);
        TFloat sum = TSimd.Broadcast(C6);
        sum = TSimd.MultiplyAdd(sum, rest, TSimd.Broadcast(C5));
        sum = TSimd.MultiplyAdd(sum, rest, TSimd.Broadcast(C4));
        sum = TSimd.MultiplyAdd(sum, rest, TSimd.Broadcast(C3));
        sum = TSimd.MultiplyAdd(sum, rest, TSimd.Broadcast(C2));
        sum = TSimd.MultiplyAdd(sum, rest, TSimd.Broadcast(C1));
        sum = TSimd.MultiplyAdd(sum, rest, TSimd.Broadcast(1));
        return TSimd.Multiply(sum, TSimd.PowerOfTwo(whole));
    }
}
