using System.Runtime.CompilerServices;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Attention;

/// <summary>Keys and values as they are.</summary>
internal readonly unsafe struct KvF32 : IKvFormat
{
    public static int Pack => 1;

    public static int GroupSize => 0;

    public static int WeightBytes => 4;

    public static void StoreKey(byte* tile, in KvLayout layout, int slot, float* key)
    {
        for (int i = 0; i < layout.HeadSize; i++) ((float*)tile)[i * KvLayout.TileSlots + slot] = key[i];
    }

    public static void StoreValue(byte* keyTile, byte* tile, in KvLayout layout, int slot, float* value) =>
        new ReadOnlySpan<float>(value, layout.HeadSize).CopyTo(new Span<float>((float*)tile + slot * layout.Width, layout.HeadSize));

    public static void ClearAfter(byte* keyTile, byte* tile, in KvLayout layout, int slot)
    {
        // A row of a value tile is one slot.
    }

    public static float Key(byte* tile, in KvLayout layout, int slot, int index) => ((float*)tile)[index * KvLayout.TileSlots + slot];

    public static float Value(byte* keyTile, byte* tile, in KvLayout layout, int slot, int index) =>
        ((float*)tile)[slot * layout.Width + index];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot<TRows, TSimd, TFloat, TInt>(
        byte* tile, nint stride, int steps, byte* weights, nint rowBytes, out TFloat a0, out TFloat a1, out TFloat a2, out TFloat a3,
        out TFloat a4, out TFloat a5, out TFloat a6, out TFloat a7)
        where TRows : struct, IRows where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
    {
        byte* w0 = weights, w1 = w0 + rowBytes, w2 = w1 + rowBytes, w3 = w2 + rowBytes;
        byte* w4 = w3 + rowBytes, w5 = w4 + rowBytes, w6 = w5 + rowBytes, w7 = w6 + rowBytes;
        TFloat s0 = default, s1 = default, s2 = default, s3 = default;
        TFloat s4 = default, s5 = default, s6 = default, s7 = default;
        for (nint k = 0; k < (nint)steps * 4; k += 4, tile += stride)
        {
            TFloat numbers = TSimd.Load((float*)tile);
            s0 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w0 + k)), numbers, s0);
            if (TRows.Count > 1) s1 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w1 + k)), numbers, s1);
            if (TRows.Count > 2) s2 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w2 + k)), numbers, s2);
            if (TRows.Count > 3) s3 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w3 + k)), numbers, s3);
            if (TRows.Count > 4) s4 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w4 + k)), numbers, s4);
            if (TRows.Count > 5) s5 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w5 + k)), numbers, s5);
            if (TRows.Count > 6) s6 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w6 + k)), numbers, s6);
            if (TRows.Count > 7) s7 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w7 + k)), numbers, s7);
        }
        a0 = s0; a1 = s1; a2 = s2; a3 = s3;
        a4 = s4; a5 = s5; a6 = s6; a7 = s7;
    }
}
