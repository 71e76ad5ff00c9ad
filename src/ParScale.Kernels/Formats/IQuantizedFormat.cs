using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Formats;

/// <summary>
/// One way to store weights as small integers: w = scale * code, one positive scale per group of values along a row.
/// Codes are stored with an offset, as unsigned numbers, because the dot-product instructions want it so.
/// <see cref="QuantizedLayout"/> says where they lie.
/// </summary>
internal unsafe interface IQuantizedFormat
{
    /// <summary>Values of a row that share a scale.</summary>
    static abstract int GroupSize { get; }

    /// <summary>What is added to a code before it is stored.</summary>
    static abstract int Offset { get; }

    /// <summary>Codes in a byte.</summary>
    static abstract int ValuesPerByte { get; }

    /// <summary>
    /// Rounds one group. Returns the scale, which bfloat16 holds exactly; 0 when all values are 0, NaN when one is not finite:
    /// what is computed with it then shows the damage.
    /// </summary>
    /// <param name="values">The group, [<see cref="GroupSize"/>]; what the last one of a row lacks is zero.</param>
    /// <param name="codes">As many codes.</param>
    static abstract float Quantize<TSimd, TFloat, TInt>(float* values, sbyte* codes)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct;

    /// <summary>Reads the code of value <paramref name="k"/> of row <paramref name="row"/> of the tile.</summary>
    static abstract int Load(byte* tile, int row, int k);

    /// <summary>Stores a code. The tile must be zero there before.</summary>
    static abstract void Store(byte* tile, int row, int k, int code);

    /// <summary>Stores a whole group of codes of one row, from value <paramref name="first"/> on.</summary>
    static abstract void StoreGroup(byte* tile, int row, int first, ReadOnlySpan<sbyte> codes);
}
