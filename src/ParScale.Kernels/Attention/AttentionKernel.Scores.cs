using System.Runtime.CompilerServices;

namespace ParScale.Kernels.Attention;

internal static unsafe partial class AttentionKernel<TFormat, TSimd, TFloat, TInt>
{
    // Scores of all rows against the 16 slots of a tile.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores(in KvLayout layout, byte* tile, int slot, ref AttentionWorkspace work)
    {
        for (int lane = 0; lane < TileSlots; lane += TSimd.Count)
        {
            if (work.Rows == 1) Scores1(layout, tile, lane, work.Queries, work.Factor, work.Scores + slot + lane);
            for (int row = 0; row <= work.Rows - 8; row += 8)
            {
                Scores8(layout, tile, lane, work.Queries + row * work.QueryBytes, work.QueryBytes, work.Factor + row,
                    work.Scores + row * Block + slot + lane);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores8(in KvLayout layout, byte* tile, int lane, byte* queries, nint queryBytes, float* factor, float* y)
    {
        byte* lanes = tile + lane * sizeof(int);
        if (TFormat.GroupSize == 0)
        {
            TFormat.Dot8<TSimd, TFloat, TInt>(lanes, KvLayout.KeyRowBytes, layout.KeySteps, queries, queryBytes,
                out TFloat a0, out TFloat a1, out TFloat a2, out TFloat a3, out TFloat a4, out TFloat a5, out TFloat a6, out TFloat a7);
            StoreScores(y, factor, a0, a1, a2, a3, a4, a5, a6, a7);
            return;
        }
        TFloat s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        int perGroup = TFormat.GroupSize / TFormat.Pack;
        float* scales = (float*)(tile + layout.KeyScaleOffset) + lane;
        for (int step = 0; step < layout.KeySteps; step += perGroup)
        {
            TFormat.Dot8<TSimd, TFloat, TInt>(
                lanes + step * KvLayout.KeyRowBytes, KvLayout.KeyRowBytes, Math.Min(perGroup, layout.KeySteps - step),
                queries + step * TFormat.Pack * TFormat.WeightBytes, queryBytes,
                out TFloat a0, out TFloat a1, out TFloat a2, out TFloat a3, out TFloat a4, out TFloat a5, out TFloat a6, out TFloat a7);
            TFloat scale = TSimd.Load(scales);
            scales += TileSlots;
            s0 = TSimd.MultiplyAdd(a0, scale, s0);
            s1 = TSimd.MultiplyAdd(a1, scale, s1);
            s2 = TSimd.MultiplyAdd(a2, scale, s2);
            s3 = TSimd.MultiplyAdd(a3, scale, s3);
            s4 = TSimd.MultiplyAdd(a4, scale, s4);
            s5 = TSimd.MultiplyAdd(a5, scale, s5);
            s6 = TSimd.MultiplyAdd(a6, scale, s6);
            s7 = TSimd.MultiplyAdd(a7, scale, s7);
        }
        StoreScores(y, factor, s0, s1, s2, s3, s4, s5, s6, s7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreScores(
        float* y, float* factor, TFloat a0, TFloat a1, TFloat a2, TFloat a3, TFloat a4, TFloat a5, TFloat a6, TFloat a7)
    {
        TSimd.Store(TSimd.Multiply(a0, TSimd.Broadcast(factor[0])), y);
        TSimd.Store(TSimd.Multiply(a1, TSimd.Broadcast(factor[1])), y + Block);
        TSimd.Store(TSimd.Multiply(a2, TSimd.Broadcast(factor[2])), y + 2 * Block);
        TSimd.Store(TSimd.Multiply(a3, TSimd.Broadcast(factor[3])), y + 3 * Block);
        TSimd.Store(TSimd.Multiply(a4, TSimd.Broadcast(factor[4])), y + 4 * Block);
        TSimd.Store(TSimd.Multiply(a5, TSimd.Broadcast(factor[5])), y + 5 * Block);
        TSimd.Store(TSimd.Multiply(a6, TSimd.Broadcast(factor[6])), y + 6 * Block);
        TSimd.Store(TSimd.Multiply(a7, TSimd.Broadcast(factor[7])), y + 7 * Block);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores1(in KvLayout layout, byte* tile, int lane, byte* query, float* factor, float* y)
    {
        byte* lanes = tile + lane * sizeof(int);
        TFloat sum = default;
        if (TFormat.GroupSize == 0) sum = TFormat.Dot1<TSimd, TFloat, TInt>(lanes, KvLayout.KeyRowBytes, layout.KeySteps, query);
        else
        {
            int perGroup = TFormat.GroupSize / TFormat.Pack;
            for (int step = 0, group = 0; step < layout.KeySteps; step += perGroup, group++)
            {
                TFloat part = TFormat.Dot1<TSimd, TFloat, TInt>(
                    lanes + step * KvLayout.KeyRowBytes, KvLayout.KeyRowBytes, Math.Min(perGroup, layout.KeySteps - step),
                    query + step * TFormat.Pack * TFormat.WeightBytes);
                sum = TSimd.MultiplyAdd(part, TSimd.Load((float*)(tile + layout.KeyScaleOffset) + group * TileSlots + lane), sum);
            }
        }
        TSimd.Store(TSimd.Multiply(sum, TSimd.Broadcast(factor[0])), y);
    }
}
