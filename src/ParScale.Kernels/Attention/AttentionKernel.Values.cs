using System.Runtime.CompilerServices;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Attention;

internal static unsafe partial class AttentionKernel<TFormat, TSimd, TFloat, TInt>
{
    // Adds the weighed values of a block to the sums of all rows, and fetches the keys that come next.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddValues<TLast>(in KvLayout layout, byte* values, byte* nextKeys, int steps, ref AttentionWorkspace work)
        where TLast : struct, IRows
    {
        int width = layout.Width, part = layout.KeyTileBytes * (Block / TileSlots) / width;
        for (int lane = 0; lane < width; lane += TSimd.Count)
        {
            Prefetch(nextKeys + lane * part, part * TSimd.Count);
            int row = 0;
            for (; row < work.Rows - TLast.Count; row += MostRows) AddColumns<Rows8>(layout, values, lane, row, steps, ref work);
            AddColumns<TLast>(layout, values, lane, row, steps, ref work);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddColumns<TRows>(in KvLayout layout, byte* values, int lane, int row, int steps, ref AttentionWorkspace work)
        where TRows : struct, IRows
    {
        nint rowBytes = Block * TFormat.WeightBytes;
        int width = layout.Width;
        byte* weights = (TFormat.WeightBytes == sizeof(float) ? (byte*)work.Scores : work.Shorts) + row * rowBytes;
        TFormat.Dot<TRows, TSimd, TFloat, TInt>(values + lane * sizeof(int), layout.ValueRowBytes, steps, weights, rowBytes,
            out TFloat a0, out TFloat a1, out TFloat a2, out TFloat a3, out TFloat a4, out TFloat a5, out TFloat a6, out TFloat a7);
        AddRow(a0, row, lane, width, ref work);
        if (TRows.Count > 1) AddRow(a1, row + 1, lane, width, ref work);
        if (TRows.Count > 2) AddRow(a2, row + 2, lane, width, ref work);
        if (TRows.Count > 3) AddRow(a3, row + 3, lane, width, ref work);
        if (TRows.Count > 4) AddRow(a4, row + 4, lane, width, ref work);
        if (TRows.Count > 5) AddRow(a5, row + 5, lane, width, ref work);
        if (TRows.Count > 6) AddRow(a6, row + 6, lane, width, ref work);
        if (TRows.Count > 7) AddRow(a7, row + 7, lane, width, ref work);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRow(TFloat a, int row, int lane, int width, ref AttentionWorkspace work)
    {
        float* y = work.Output + row * width + lane;
        if (TFormat.WeightBytes != sizeof(float)) a = TSimd.Multiply(a, TSimd.Broadcast(work.Unit[row]));
        TSimd.Store(TSimd.MultiplyAdd(TSimd.Load(y), TSimd.Broadcast(work.Shrink[row]), a), y);
    }
}
