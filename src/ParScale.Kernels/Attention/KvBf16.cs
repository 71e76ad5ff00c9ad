using System.Runtime.CompilerServices;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Attention;

/// <summary>bfloat16, rounded to nearest. A lane holds two numbers; widening them is a shift or a mask.</summary>
internal readonly unsafe struct KvBf16 : IKvFormat
{
    public static int Pack => 2;

    public static int GroupSize => 0;

    public static int WeightBytes => 4;

    public static void StoreKey(byte* tile, in KvLayout layout, int slot, float* key)
    {
        for (int i = 0; i < layout.HeadSize; i++) Bf16.Store(tile, KeyPlace(slot, i), key[i]);
    }

    public static void StoreValue(byte* keyTile, byte* tile, in KvLayout layout, int slot, float* value)
    {
        for (int i = 0; i < layout.HeadSize; i++) Bf16.Store(tile, ValuePlace(layout, slot, i), value[i]);
    }

    public static void ClearAfter(byte* keyTile, byte* tile, in KvLayout layout, int slot)
    {
        if ((slot & 1) == 1) return;
        for (int i = 0; i < layout.HeadSize; i++) Bf16.Store(tile, ValuePlace(layout, slot + 1, i), 0);
    }

    public static float Key(byte* tile, in KvLayout layout, int slot, int index) => Bf16.Load(tile, KeyPlace(slot, index));

    public static float Value(byte* keyTile, byte* tile, in KvLayout layout, int slot, int index) =>
        Bf16.Load(tile, ValuePlace(layout, slot, index));

    private static int KeyPlace(int slot, int index) => (index >> 1) * 2 * KvLayout.TileSlots + slot * 2 + (index & 1);

    private static int ValuePlace(in KvLayout layout, int slot, int index) => (slot >> 1) * 2 * layout.Width + index * 2 + (slot & 1);

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
        for (nint k = 0; k < (nint)steps * 8; k += 8, tile += stride)
        {
            TInt packed = TSimd.LoadInt(tile);
            TFloat first = TSimd.LowHalf(packed), second = TSimd.HighHalf(packed);
            s0 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w0 + k)), first, s0);
            if (TRows.Count > 1) s1 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w1 + k)), first, s1);
            if (TRows.Count > 2) s2 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w2 + k)), first, s2);
            if (TRows.Count > 3) s3 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w3 + k)), first, s3);
            if (TRows.Count > 4) s4 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w4 + k)), first, s4);
            if (TRows.Count > 5) s5 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w5 + k)), first, s5);
            if (TRows.Count > 6) s6 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w6 + k)), first, s6);
            if (TRows.Count > 7) s7 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w7 + k)), first, s7);
            s0 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w0 + k + 4)), second, s0);
            if (TRows.Count > 1) s1 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w1 + k + 4)), second, s1);
            if (TRows.Count > 2) s2 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w2 + k + 4)), second, s2);
            if (TRows.Count > 3) s3 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w3 + k + 4)), second, s3);
            if (TRows.Count > 4) s4 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w4 + k + 4)), second, s4);
            if (TRows.Count > 5) s5 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w5 + k + 4)), second, s5);
            if (TRows.Count > 6) s6 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w6 + k + 4)), second, s6);
            if (TRows.Count > 7) s7 = TSimd.MultiplyAdd(TSimd.Broadcast(*(float*)(w7 + k + 4)), second, s7);
        }
        a0 = s0; a1 = s1; a2 = s2; a3 = s3;
        a4 = s4; a5 = s5; a6 = s6; a7 = s7;
    }
}
