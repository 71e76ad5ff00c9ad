using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Attention;

/// <summary>
/// One way to store keys and values. Slots lie in tiles of 16. A key tile has one 32-bit lane per slot and a row per
/// <see cref="Pack"/> numbers of the key; a value tile has one lane per number and a row per <see cref="Pack"/> slots. So a
/// lane of a vector is a score in one and an output in the other, no sum runs across lanes, and both are the same loop.
/// </summary>
internal unsafe interface IKvFormat
{
    /// <summary>Numbers in a 32-bit lane: 1, 2 or 4.</summary>
    static abstract int Pack { get; }

    /// <summary>Numbers of a key that share a scale; 0 when numbers need none.</summary>
    static abstract int GroupSize { get; }

    /// <summary>Bytes of a number that a lane is multiplied with: 4 for a single, 2 for a 16-bit integer.</summary>
    static abstract int WeightBytes { get; }

    /// <summary>Rounds a key into lane <paramref name="slot"/> of its tile.</summary>
    static abstract void StoreKey(byte* tile, in KvLayout layout, int slot, float* key);

    /// <summary>Rounds a value into its tile; its scale, if any, goes into the key tile.</summary>
    static abstract void StoreValue(byte* keyTile, byte* tile, in KvLayout layout, int slot, float* value);

    /// <summary>
    /// Silences the slots after <paramref name="slot"/> that are multiplied together with it: what is left there of a forgotten
    /// token could be a NaN, and its weight of 0 would not do.
    /// </summary>
    static abstract void ClearAfter(byte* keyTile, byte* tile, in KvLayout layout, int slot);

    /// <summary>Number <paramref name="index"/> of a stored key.</summary>
    static abstract float Key(byte* tile, in KvLayout layout, int slot, int index);

    /// <summary>Number <paramref name="index"/> of a stored value.</summary>
    static abstract float Value(byte* keyTile, byte* tile, in KvLayout layout, int slot, int index);

    /// <summary>
    /// Rows of weights times one vector of lanes: a_r = sum over <paramref name="steps"/> rows of the tile, the numbers of each
    /// lane in order, the same for any number of rows. weights: a row every <paramref name="rowBytes"/> bytes.
    /// </summary>
    static abstract void Dot<TRows, TSimd, TFloat, TInt>(
        byte* tile, nint stride, int steps, byte* weights, nint rowBytes, out TFloat a0, out TFloat a1, out TFloat a2, out TFloat a3,
        out TFloat a4, out TFloat a5, out TFloat a6, out TFloat a7)
        where TRows : struct, IRows where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct;
}
