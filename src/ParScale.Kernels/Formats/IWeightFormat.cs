using System.Numerics;

namespace ParScale.Kernels.Formats;

/// <summary>
/// One way to store weights. A kernel is generic over the format, so each format is one struct in one file and the
/// inner loops are written once.
/// </summary>
internal unsafe interface IWeightFormat
{
    /// <summary>Bytes that one value takes.</summary>
    static abstract int BytesPerValue { get; }

    /// <summary>Reads value <paramref name="index"/> of the row at <paramref name="row"/>.</summary>
    static abstract float Load(byte* row, nint index);

    /// <summary>Reads two vectors of values from <paramref name="index"/> on, in order. No alignment is needed.</summary>
    static abstract void LoadPair(byte* row, nint index, out Vector<float> lower, out Vector<float> upper);

    /// <summary>Rounds <paramref name="value"/> to the format and stores it as value <paramref name="index"/>.</summary>
    static abstract void Store(byte* row, nint index, float value);
}
