using System.Numerics;
using System.Runtime.Intrinsics;

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

    /// <summary>Reads two vectors of values from <paramref name="index"/> on, in order. No alignment is needed.</summary>
    static abstract void LoadInOrder(byte* row, nint index, out Vector<float> lower, out Vector<float> upper);

    /// <summary>Reads a pair of 16 values each from <paramref name="from"/>. No alignment is needed.</summary>
    static abstract void LoadPair(byte* from, out Vector512<float> first, out Vector512<float> second);

    /// <summary>Reads a pair of 8 values each.</summary>
    static abstract void LoadPair(byte* from, out Vector256<float> first, out Vector256<float> second);

    /// <summary>Reads a pair of 4 values each.</summary>
    static abstract void LoadPair(byte* from, out Vector128<float> first, out Vector128<float> second);

    /// <summary>Rounds <paramref name="value"/> to the format and stores it as value <paramref name="index"/>.</summary>
    static abstract void Store(byte* row, nint index, float value);
}
