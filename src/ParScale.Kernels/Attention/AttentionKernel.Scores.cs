using System.Runtime.CompilerServices;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Attention;

internal static unsafe partial class AttentionKernel<TFormat, TSimd, TFloat, TInt>
{
    // Scores of all rows against the 16 slots of a tile.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores<TLast>(in KvLayout layout, byte* tile, int slot, ref AttentionWorkspace work) where TLast : struct, IRows
    {
        for (int lane = 0; lane < TileSlots; lane += TSimd.Count)
        {
            int row = 0;
            for (; row < work.Rows - TLast.Count; row += MostRows) Score<Rows8>(layout, tile, lane, row, slot, ref work);
            Score<TLast>(layout, tile, lane, row, slot, ref work);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Score<TRows>(in KvLayout layout, byte* tile, int lane, int row, int slot, ref AttentionWorkspace work) where TRows : struct, IRows
    {
        byte* queries = work.Queries + row * work.QueryBytes;
        nint queryBytes = work.QueryBytes;
        float* factor = work.Factor + row, y = work.Scores + row * Block + slot + lane;
        byte* lanes = tile + lane * sizeof(int);
        if (TFormat.GroupSize == 0)
        {
            TFormat.Dot<TRows, TSimd, TFloat, TInt>(lanes, KvLayout.KeyRowBytes, layout.KeySteps, queries, queryBytes,
                out TFloat a0, out TFloat a1, out TFloat a2, out TFloat a3, out TFloat a4, out TFloat a5, out TFloat a6, out TFloat a7);
            StoreScores<TRows>(y, factor, a0, a1, a2, a3, a4, a5, a6, a7);
            return;
        }
        TFloat s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        int perGroup = TFormat.GroupSize / TFormat.Pack;
        float* scales = (float*)(tile + layout.KeyScaleOffset) + lane;
        for (int step = 0; step < layout.KeySteps; step += perGroup)
        {
            TFormat.Dot<TRows, TSimd, TFloat, TInt>(
                lanes + step * KvLayout.KeyRowBytes, KvLayout.KeyRowBytes, Math.Min(perGroup, layout.KeySteps - step),
                queries + step * TFormat.Pack * TFormat.WeightBytes, queryBytes,
                out TFloat a0, out TFloat a1, out TFloat a2, out TFloat a3, out TFloat a4, out TFloat a5, out TFloat a6, out TFloat a7);
            TFloat scale = TSimd.Load(scales);
            scales += TileSlots;
            s0 = TSimd.MultiplyAdd(a0, scale, s0);
            if (TRows.Count > 1) s1 = TSimd.MultiplyAdd(a1, scale, s1);
            if (TRows.Count > 2) s2 = TSimd.MultiplyAdd(a2, scale, s2);
            if (TRows.Count > 3) s3 = TSimd.MultiplyAdd(a3, scale, s3);
            if (TRows.Count > 4) s4 = TSimd.MultiplyAdd(a4, scale, s4);
            if (TRows.Count > 5) s5 = TSimd.MultiplyAdd(a5, scale, s5);
            if (TRows.Count > 6) s6 = TSimd.MultiplyAdd(a6, scale, s6);
            if (TRows.Count > 7) s7 = TSimd.MultiplyAdd(a7, scale, s7);
        }
        StoreScores<TRows>(y, factor, s0, s1, s2, s3, s4, s5, s6, s7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreScores<TRows>(
        float* y, float* factor, TFloat a0, TFloat a1, TFloat a2, TFloat a3, TFloat a4, TFloat a5, TFloat a6, TFloat a7) where TRows : struct, IRows
    {
        TSimd.Store(TSimd.Multiply(a0, TSimd.Broadcast(factor[0])), y);
        if (TRows.Count > 1) TSimd.Store(TSimd.Multiply(a1, TSimd.Broadcast(factor[1])), y + Block);
        if (TRows.Count > 2) TSimd.Store(TSimd.Multiply(a2, TSimd.Broadcast(factor[2])), y + 2 * Block);
        if (TRows.Count > 3) TSimd.Store(TSimd.Multiply(a3, TSimd.Broadcast(factor[3])), y + 3 * Block);
        if (TRows.Count > 4) TSimd.Store(TSimd.Multiply(a4, TSimd.Broadcast(factor[4])), y + 4 * Block);
        if (TRows.Count > 5) TSimd.Store(TSimd.Multiply(a5, TSimd.Broadcast(factor[5])), y + 5 * Block);
        if (TRows.Count > 6) TSimd.Store(TSimd.Multiply(a6, TSimd.Broadcast(factor[6])), y + 6 * Block);
        if (TRows.Count > 7) TSimd.Store(TSimd.Multiply(a7, TSimd.Broadcast(factor[7])), y + 7 * Block);
    }
}
