using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Attention;

/// <summary>
/// Signed 8-bit integers by the largest magnitude, rounded to nearest: 32 numbers of a key, or all of a value, share a scale.
/// They are multiplied with 16-bit integers, exactly.
/// </summary>
internal readonly unsafe struct KvQ8 : IKvFormat
{
    private const int Group = 32;

    public static int Pack => 4;

    public static int GroupSize => Group;

    public static int WeightBytes => 2;

    public static void StoreKey(byte* tile, in KvLayout layout, int slot, float* key)
    {
        float* scales = (float*)(tile + layout.KeyScaleOffset) + slot;
        for (int start = 0; start < layout.HeadSize; start += Group)
        {
            int length = Math.Min(Group, layout.HeadSize - start);
            float inverse = Inverse(key + start, length, out scales[start / Group * KvLayout.TileSlots]);
            for (int i = start; i < start + length; i++)
                tile[(i >> 2) * KvLayout.KeyRowBytes + slot * 4 + Place(i)] = Quantise(key[i] * inverse);
        }
    }

    public static void StoreValue(byte* keyTile, byte* tile, in KvLayout layout, int slot, float* value)
    {
        float* scales = (float*)(keyTile + layout.ValueScaleOffset);
        float inverse = Inverse(value, layout.HeadSize, out scales[slot]);
        byte* row = tile + (slot >> 2) * layout.ValueRowBytes + Place(slot);
        for (int i = 0; i < layout.HeadSize; i++) row[i * 4] = Quantise(value[i] * inverse);
    }

    public static void ClearAfter(byte* keyTile, byte* tile, in KvLayout layout, int slot) =>
        new Span<float>((float*)(keyTile + layout.ValueScaleOffset) + slot + 1, KvLayout.TileSlots - slot - 1).Clear();

    public static float Key(byte* tile, in KvLayout layout, int slot, int index)
    {
        (sbyte code, float scale) = RoundedKey(tile, layout, slot, index);
        return code * scale;
    }

    public static float Value(byte* keyTile, byte* tile, in KvLayout layout, int slot, int index)
    {
        (sbyte code, float scale) = RoundedValue(keyTile, tile, layout, slot, index);
        return code * scale;
    }

    public static (sbyte Code, float Scale) RoundedKey(byte* tile, in KvLayout layout, int slot, int index) => (
        (sbyte)tile[(index >> 2) * KvLayout.KeyRowBytes + slot * 4 + Place(index)],
        ((float*)(tile + layout.KeyScaleOffset))[index / Group * KvLayout.TileSlots + slot]);

    public static (sbyte Code, float Scale) RoundedValue(byte* keyTile, byte* tile, in KvLayout layout, int slot, int index) => (
        (sbyte)tile[(slot >> 2) * layout.ValueRowBytes + index * 4 + Place(slot)], ((float*)(keyTile + layout.ValueScaleOffset))[slot]);

    // Even bytes of a lane hold numbers 0 and 1, odd bytes 2 and 3: what one shift takes out are neighbours.
    private static int Place(int index) => (index & 1) * 2 + ((index >> 1) & 1);

    // The scale is a NaN when a number is not finite: 8 bits could not tell of it.
    private static float Inverse(float* x, int length, out float scale)
    {
        float largest = MathF.Abs(TensorPrimitives.MaxMagnitude(new ReadOnlySpan<float>(x, length)));
        scale = float.IsFinite(largest) ? largest / 127 : float.NaN;
        // Below this the reciprocal would overflow; such numbers are 0 beside anything else.
        return largest > 1e-30f && float.IsFinite(largest) ? 127 / largest : 0;
    }

    // Rounds to nearest, ties to even: added to 1.5 * 2^23, a small number ends up in the lowest bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte Quantise(float x) => (byte)BitConverter.SingleToInt32Bits(x + 12582912f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot<TRows, TSimd, TFloat, TInt>(
        byte* tile, nint stride, int steps, byte* weights, nint rowBytes, out TFloat a0, out TFloat a1, out TFloat a2, out TFloat a3,
        out TFloat a4, out TFloat a5, out TFloat a6, out TFloat a7)
        where TRows : struct, IRows where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
    {
        byte* w0 = weights, w1 = w0 + rowBytes, w2 = w1 + rowBytes, w3 = w2 + rowBytes;
        byte* w4 = w3 + rowBytes, w5 = w4 + rowBytes, w6 = w5 + rowBytes, w7 = w6 + rowBytes;
        TInt s0 = default, s1 = default, s2 = default, s3 = default;
        TInt s4 = default, s5 = default, s6 = default, s7 = default;
        for (nint k = 0; k < (nint)steps * 8; k += 8, tile += stride)
        {
            TInt packed = TSimd.LoadInt(tile);
            TInt first = TSimd.EvenBytes(packed), second = TSimd.OddBytes(packed);
            s0 = TSimd.AddPairProducts(s0, first, TSimd.BroadcastInt(*(int*)(w0 + k)));
            if (TRows.Count > 1) s1 = TSimd.AddPairProducts(s1, first, TSimd.BroadcastInt(*(int*)(w1 + k)));
            if (TRows.Count > 2) s2 = TSimd.AddPairProducts(s2, first, TSimd.BroadcastInt(*(int*)(w2 + k)));
            if (TRows.Count > 3) s3 = TSimd.AddPairProducts(s3, first, TSimd.BroadcastInt(*(int*)(w3 + k)));
            if (TRows.Count > 4) s4 = TSimd.AddPairProducts(s4, first, TSimd.BroadcastInt(*(int*)(w4 + k)));
            if (TRows.Count > 5) s5 = TSimd.AddPairProducts(s5, first, TSimd.BroadcastInt(*(int*)(w5 + k)));
            if (TRows.Count > 6) s6 = TSimd.AddPairProducts(s6, first, TSimd.BroadcastInt(*(int*)(w6 + k)));
            if (TRows.Count > 7) s7 = TSimd.AddPairProducts(s7, first, TSimd.BroadcastInt(*(int*)(w7 + k)));
            s0 = TSimd.AddPairProducts(s0, second, TSimd.BroadcastInt(*(int*)(w0 + k + 4)));
            if (TRows.Count > 1) s1 = TSimd.AddPairProducts(s1, second, TSimd.BroadcastInt(*(int*)(w1 + k + 4)));
            if (TRows.Count > 2) s2 = TSimd.AddPairProducts(s2, second, TSimd.BroadcastInt(*(int*)(w2 + k + 4)));
            if (TRows.Count > 3) s3 = TSimd.AddPairProducts(s3, second, TSimd.BroadcastInt(*(int*)(w3 + k + 4)));
            if (TRows.Count > 4) s4 = TSimd.AddPairProducts(s4, second, TSimd.BroadcastInt(*(int*)(w4 + k + 4)));
            if (TRows.Count > 5) s5 = TSimd.AddPairProducts(s5, second, TSimd.BroadcastInt(*(int*)(w5 + k + 4)));
            if (TRows.Count > 6) s6 = TSimd.AddPairProducts(s6, second, TSimd.BroadcastInt(*(int*)(w6 + k + 4)));
            if (TRows.Count > 7) s7 = TSimd.AddPairProducts(s7, second, TSimd.BroadcastInt(*(int*)(w7 + k + 4)));
        }
        a0 = TSimd.ToFloat(s0); a1 = TSimd.ToFloat(s1);
        a2 = TSimd.ToFloat(s2); a3 = TSimd.ToFloat(s3);
        a4 = TSimd.ToFloat(s4); a5 = TSimd.ToFloat(s5);
        a6 = TSimd.ToFloat(s6); a7 = TSimd.ToFloat(s7);
    }
}
