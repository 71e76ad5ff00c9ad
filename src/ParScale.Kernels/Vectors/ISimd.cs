namespace ParScale.Kernels.Vectors;

/// <summary>
/// One width of vectors for kernels that are written once. <typeparamref name="TFloat"/> holds <see cref="Count"/> singles,
/// <typeparamref name="TInt"/> as many 32-bit lanes. A kernel is generic over the width, so that every call here is one or a few
/// instructions. A sum that must have the same bits in every width is kept in <see cref="Simd.Lanes"/> lanes, however many vectors
/// they take, and ends with <see cref="Simd.SumLanes"/>.
/// </summary>
internal unsafe interface ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
{
    /// <summary>Lanes; divides <see cref="Simd.Lanes"/>.</summary>
    static abstract int Count { get; }

    static abstract TFloat Load(float* from);

    static abstract void Store(TFloat value, float* to);

    static abstract TFloat Broadcast(float value);

    static abstract TFloat Add(TFloat a, TFloat b);

    static abstract TFloat Subtract(TFloat a, TFloat b);

    static abstract TFloat Multiply(TFloat a, TFloat b);

    static abstract TFloat Divide(TFloat a, TFloat b);

    /// <summary>a * b + c, in one rounding where the machine can.</summary>
    static abstract TFloat MultiplyAdd(TFloat a, TFloat b, TFloat c);

    /// <summary>The larger one. On x86 b when one of them is not a number.</summary>
    static abstract TFloat Max(TFloat a, TFloat b);

    /// <summary>The smaller one of two numbers.</summary>
    static abstract TFloat Min(TFloat a, TFloat b);

    /// <summary>The nearest whole number, of two the even one.</summary>
    static abstract TFloat Round(TFloat value);

    /// <summary>2^n for whole n from -126 to 127, and 0 for -127.</summary>
    static abstract TFloat PowerOfTwo(TFloat n);

    /// <summary>Adds the lanes: halves onto each other as long as there are more than four, then (0 + 1) + (2 + 3).</summary>
    static abstract float Sum(TFloat value);

    static abstract float MaxAcross(TFloat value);

    /// <summary>Of two vectors in memory order, the lanes of even and those of odd index.</summary>
    static abstract void Deinterleave(TFloat low, TFloat high, out TFloat even, out TFloat odd);

    static abstract TInt LoadInt(byte* from);

    static abstract void StoreInt(TInt value, void* to);

    /// <summary>Widens unsigned 16-bit numbers.</summary>
    static abstract TInt WidenShorts(ushort* from);

    /// <summary>Widens signed 8-bit numbers.</summary>
    static abstract TInt WidenBytes(sbyte* from);

    static abstract TInt BroadcastInt(int value);

    static abstract TInt AddInt(TInt a, TInt b);

    static abstract TInt MaxInt(TInt a, TInt b);

    static abstract int SumInt(TInt value);

    static abstract int MaxAcrossInt(TInt value);

    static abstract TFloat ToFloat(TInt value);

    /// <summary>The nearest integer, of two the even one. The values fit.</summary>
    static abstract TInt RoundToInt(TFloat value);

    /// <summary>The bits without the sign: as integers they order as the magnitudes do, and NaN comes out on top.</summary>
    static abstract TInt MagnitudeBits(TFloat value);

    /// <summary>The lower 16 bits of each lane as a bfloat16.</summary>
    static abstract TFloat LowHalf(TInt value);

    /// <summary>The upper 16 bits of each lane as a bfloat16.</summary>
    static abstract TFloat HighHalf(TInt value);

    /// <summary>Bytes 0 and 2 of each lane, widened to two signed 16-bit numbers.</summary>
    static abstract TInt EvenBytes(TInt value);

    /// <summary>Bytes 1 and 3 of each lane, widened to two signed 16-bit numbers.</summary>
    static abstract TInt OddBytes(TInt value);

    /// <summary>Per lane, with a and b two signed 16-bit numbers each: sum + a0 b0 + a1 b1.</summary>
    static abstract TInt AddPairProducts(TInt sum, TInt a, TInt b);

    /// <summary>Stores four vectors one after another as 8-bit numbers. The values fit.</summary>
    static abstract void StoreBytes(TInt a, TInt b, TInt c, TInt d, sbyte* to);

    /// <summary>Rounds to nearest and stores 16-bit numbers. The values fit.</summary>
    static abstract void StoreShorts(TFloat value, short* to);
}
