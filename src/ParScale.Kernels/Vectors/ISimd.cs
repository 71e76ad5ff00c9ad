namespace ParScale.Kernels.Vectors;

/// <summary>
/// One width of vectors for kernels that are written once. <typeparamref name="TFloat"/> holds <see cref="Count"/> singles,
/// <typeparamref name="TInt"/> as many 32-bit lanes. A kernel is generic over the width, so that every call here is one instruction.
/// </summary>
internal unsafe interface ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
{
    /// <summary>Lanes; divides 16.</summary>
    static abstract int Count { get; }

    static abstract TFloat Load(float* from);

    static abstract void Store(TFloat value, float* to);

    static abstract TFloat Broadcast(float value);

    static abstract TFloat Add(TFloat a, TFloat b);

    static abstract TFloat Multiply(TFloat a, TFloat b);

    static abstract TFloat Divide(TFloat a, TFloat b);

    /// <summary>a * b + c, in one rounding where the machine can.</summary>
    static abstract TFloat MultiplyAdd(TFloat a, TFloat b, TFloat c);

    /// <summary>The larger one. On x86 b when one of them is not a number.</summary>
    static abstract TFloat Max(TFloat a, TFloat b);

    static abstract TFloat Round(TFloat value);

    /// <summary>2^n for whole n from -126 to 127, and 0 for -127.</summary>
    static abstract TFloat PowerOfTwo(TFloat n);

    static abstract float Sum(TFloat value);

    static abstract float MaxAcross(TFloat value);

    static abstract TInt LoadInt(byte* from);

    static abstract TInt BroadcastInt(int value);

    static abstract TFloat ToFloat(TInt value);

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

    /// <summary>Rounds to nearest and stores 16-bit numbers. The values fit.</summary>
    static abstract void StoreShorts(TFloat value, short* to);
}
