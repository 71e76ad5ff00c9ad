using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Formats;

/// <summary>
/// One way to store weights as one float each. A kernel is generic over the format, so each format is one struct in one
/// file and the inner loops are written once. Kernels take a row in pairs of vectors; how the values of a pair are split
/// between its two vectors is the format's own choice, and <see cref="Deinterleaved"/> tells it to whoever lays out the other operand.
/// </summary>
internal unsafe interface IFloatFormat
{
    /// <summary>Bytes that one value takes.</summary>
    static abstract int BytesPerValue { get; }

    /// <summary>
    /// True: a pair's first vector holds the values of even index, its second those of odd index. False: the lower half and
    /// the upper half.
    /// </summary>
    static abstract bool Deinterleaved { get; }

    /// <summary>Reads value <paramref name="index"/> of the row at <paramref name="row"/>.</summary>
    static abstract float Load(byte* row, nint index);

    /// <summary>Reads a vector of values in order. No alignment is needed.</summary>
    static abstract TFloat LoadInOrder<TSimd, TFloat, TInt>(byte* from)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct;

    /// <summary>
    /// Reads lanes of the first vector of a pair of <see cref="Simd.Lanes"/> values each: as many as the width has.
    /// <paramref name="from"/> is 4 bytes further for each lane before them. No alignment is needed.
    /// </summary>
    static abstract TFloat LoadFirst<TSimd, TFloat, TInt>(byte* from)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct;

    /// <summary>The same lanes of the pair's second vector.</summary>
    static abstract TFloat LoadSecond<TSimd, TFloat, TInt>(byte* from)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct;

    /// <summary>Both vectors of a pair; what is packed is read once.</summary>
    static abstract void LoadPair<TSimd, TFloat, TInt>(byte* from, out TFloat first, out TFloat second)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct;

    /// <summary>Rounds <paramref name="value"/> to the format and stores it as value <paramref name="index"/>.</summary>
    static abstract void Store(byte* row, nint index, float value);
}
