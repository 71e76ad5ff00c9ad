using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Attention;

/// <summary>
/// Computes one item of attention. Up to eight rows at a time are taken against a tile of slots, so that each key and value is
/// loaded and widened once for all heads that share it; the last rows of an item have code for just as many. The order of every sum depends on the position of a slot alone.
/// </summary>
internal static unsafe partial class AttentionKernel<TFormat, TSimd, TFloat, TInt>
    where TFormat : struct, IKvFormat
    where TSimd : struct, ISimd<TFloat, TInt>
    where TFloat : struct
    where TInt : struct
{
    private const int Block = AttentionWorkspace.BlockSlots;
    private const int TileSlots = KvLayout.TileSlots;

    // Rows that are taken together.
    private const int MostRows = 8;

    // Of a 16-bit integer. A sum of 32 of them times 127, or of a block of them, fits 32 bits.
    private const float LargestShort = 32767;

    public static void Run(in AttentionCall call, in AttentionItem item, ref AttentionWorkspace work)
    {
        switch ((item.RowEnd - item.RowStart - 1) % MostRows + 1)
        {
            case 1: Run<Rows1>(call, item, ref work); break;
            case 2: Run<Rows2>(call, item, ref work); break;
            case 3: Run<Rows3>(call, item, ref work); break;
            case 4: Run<Rows4>(call, item, ref work); break;
            case 5: Run<Rows5>(call, item, ref work); break;
            case 6: Run<Rows6>(call, item, ref work); break;
            case 7: Run<Rows7>(call, item, ref work); break;
            default: Run<Rows8>(call, item, ref work); break;
        }
    }

    // TLast: the rows that are left when the others were taken eight at a time.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TLast>(in AttentionCall call, in AttentionItem item, ref AttentionWorkspace work) where TLast : struct, IRows
    {
        ref AttentionSpan span = ref call.Spans[item.Sequence];
        int rows = item.RowEnd - item.RowStart;
        work.Rows = rows;
        work.ScoreCap = call.ScoreCap;
        PrepareQueries(call, item, ref work);
        int own = (span.KeyStreams == 1 ? 0 : item.Stream * call.KeyValueHeads) + item.Head;
        (int seen, int last) = FindTokens(call, item, ref work);
        for (int split = item.SplitStart; split < item.SplitEnd; split++)
        {
            work.Begin(call.Layout.Width);
            if (split == 0 && span.Helpers != null) AddHelperSlots(call, item, ref work);
            else if (split == 0) AddPrefix<TLast>(call.Layout, span, item.Stream * call.KeyValueHeads + item.Head, ref work);
            int end = Math.Min(last, (split + 1) * AttentionItem.SplitTokens);
            for (int slot = Math.Max(seen, split * AttentionItem.SplitTokens); slot < end; slot += Block)
            {
                byte* keys = span.Keys + own * span.KeyStride + (long)(slot / TileSlots) * call.Layout.KeyTileBytes;
                byte* values = span.Values + own * span.ValueStride + (long)(slot / TileSlots) * call.Layout.ValueTileBytes;
                for (int row = 0; row < rows; row++)
                {
                    int hidden = Math.Clamp(work.From[row] - slot, 0, Block), visible = Math.Clamp(work.To[row] - slot, 0, Block);
                    (work.Hidden[row], work.Visible[row]) = (hidden, hidden < visible ? visible : 0);
                }
                OneBlock<TLast>(call.Layout, keys, values, Math.Min(Block, end - slot), ref work);
            }
            Join(call, item, split, rows, ref work);
        }
        if (item.Partial < 0) Write(call, item, rows, ref work);
    }

    // Which tokens each row sees. Returns the block that the first of them is in, and the token behind the last one.
    private static (int Seen, int Last) FindTokens(in AttentionCall call, in AttentionItem item, ref AttentionWorkspace work)
    {
        ref AttentionSpan span = ref call.Spans[item.Sequence];
        int first = int.MaxValue, last = 0;
        for (int r = 0; r < work.Rows; r++)
        {
            int row = (item.RowStart + r) / call.PerGroup, helper = row - span.Count;
            int after = span.Filled + (helper < 0 ? row : span.Helpers[helper].Token) + 1;
            work.From[r] = Math.Max(0, after - call.Window);
            // A helper sees its own token in a slot of its own.
            work.To[r] = helper >= 0 && span.OwnKeys != null ? after - 1 : after;
            (first, last) = (Math.Min(first, work.From[r]), Math.Max(last, work.To[r]));
        }
        return (first / Block * Block, last);
    }

    // The learned slots of one stream and head, which all rows see.
    private static void AddPrefix<TLast>(in KvLayout layout, in AttentionSpan span, int head, ref AttentionWorkspace work) where TLast : struct, IRows
    {
        byte* keys = span.PrefixKeys + head * span.PrefixKeyStride, values = span.PrefixValues + head * span.PrefixValueStride;
        for (int slot = 0; slot < span.Prefix; slot += Block)
        {
            int tile = slot / TileSlots;
            AddVisible<TLast>(layout, keys + (long)tile * layout.KeyTileBytes, values + (long)tile * layout.ValueTileBytes, Math.Min(Block, span.Prefix - slot), ref work);
        }
    }

    private static void AddVisible<TLast>(in KvLayout layout, byte* keys, byte* values, int count, ref AttentionWorkspace work) where TLast : struct, IRows
    {
        for (int row = 0; row < work.Rows; row++) (work.Hidden[row], work.Visible[row]) = (0, count);
        OneBlock<TLast>(layout, keys, values, count, ref work);
    }

    // What the rows of each helper in the item see beside the tokens.
    private static void AddHelperSlots(in AttentionCall call, in AttentionItem item, ref AttentionWorkspace work)
    {
        ref AttentionSpan span = ref call.Spans[item.Sequence];
        int end = 0;
        for (int row = Math.Max(0, span.Count * call.PerGroup - item.RowStart); row < work.Rows; row = end)
        {
            int helper = (item.RowStart + row) / call.PerGroup - span.Count;
            end = Math.Min(work.Rows, (span.Count + helper + 1) * call.PerGroup - item.RowStart);
            AttentionWorkspace part = work.Part(row, end - row, call.Layout.Width);
            switch ((part.Rows - 1) % MostRows + 1)
            {
                case 1: AddHelper<Rows1>(call, span, item.Head, helper, ref part); break;
                case 2: AddHelper<Rows2>(call, span, item.Head, helper, ref part); break;
                case 3: AddHelper<Rows3>(call, span, item.Head, helper, ref part); break;
                case 4: AddHelper<Rows4>(call, span, item.Head, helper, ref part); break;
                case 5: AddHelper<Rows5>(call, span, item.Head, helper, ref part); break;
                case 6: AddHelper<Rows6>(call, span, item.Head, helper, ref part); break;
                case 7: AddHelper<Rows7>(call, span, item.Head, helper, ref part); break;
                default: AddHelper<Rows8>(call, span, item.Head, helper, ref part); break;
            }
        }
    }

    private static void AddHelper<TLast>(in AttentionCall call, in AttentionSpan span, int head, int helper, ref AttentionWorkspace work)
        where TLast : struct, IRows
    {
        AddPrefix<TLast>(call.Layout, span, span.Helpers[helper].Slots * call.KeyValueHeads + head, ref work);
        if (span.OwnKeys == null) return;
        long own = (long)helper * call.KeyValueHeads + head;
        AddVisible<TLast>(call.Layout, span.OwnKeys + own * span.OwnKeyStride, span.OwnValues + own * span.OwnValueStride, 1, ref work);
    }

    // Row r of the workspace: its query in the form that the format multiplies with, and the factor of its scores.
    private static void PrepareQueries(in AttentionCall call, in AttentionItem item, ref AttentionWorkspace work)
    {
        int size = call.Layout.HeadSize;
        float scale = call.ScoreFactor;
        for (int r = 0; r < work.Rows; r++)
        {
            byte* to = work.Queries + r * work.QueryBytes;
            new Span<byte>(to, work.QueryBytes).Clear();
            work.Factor[r] = scale;
            var from = new ReadOnlySpan<float>(call.Query(item, item.RowStart + r), size);
            if (TFormat.WeightBytes == sizeof(float))
            {
                from.CopyTo(new Span<float>(to, size));
                continue;
            }
            var padded = new Span<float>(work.Totals, call.Layout.Width);
            from.CopyTo(padded);
            padded[size..].Clear();
            // Integers cannot tell of a number that is not finite: the factor does.
            float unit = TensorPrimitives.IsFiniteAll(from) ? RoundQuery(work.Totals, call.Layout.Width, (short*)to) : float.NaN;
            work.Factor[r] = scale * unit;
        }
    }

    // Rounds to 16 bits by the largest magnitude. x: [width]. Returns what one unit stands for.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float RoundQuery(float* x, int width, short* y)
    {
        TFloat largest = default;
        for (int i = 0; i < width; i += TSimd.Count)
        {
            TFloat value = TSimd.Load(x + i);
            largest = TSimd.Max(largest, TSimd.Max(value, TSimd.Multiply(value, TSimd.Broadcast(-1))));
        }
        return ToShorts(x, width, TSimd.MaxAcross(largest), y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneBlock<TLast>(in KvLayout layout, byte* keys, byte* values, int count, ref AttentionWorkspace work) where TLast : struct, IRows
    {
        int tiles = (count + TileSlots - 1) / TileSlots;
        for (int tile = 0; tile < tiles; tile++)
        {
            Prefetch(values + (long)tile * layout.ValueTileBytes, layout.ValueTileBytes);
            Scores<TLast>(layout, keys + (long)tile * layout.KeyTileBytes, tile * TileSlots, ref work);
        }
        for (int row = 0; row < work.Rows; row++) Weigh(layout, keys, tiles, row, ref work);
        AddValues<TLast>(layout, values, keys + (long)tiles * layout.KeyTileBytes, (count + TFormat.Pack - 1) / TFormat.Pack, ref work);
    }

    // Into the second-level cache: the first one is full of what is being multiplied.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* from, int bytes)
    {
        if (!Sse.IsSupported) return;
        for (int i = 0; i < bytes; i += 64) Sse.Prefetch1(from + i);
    }

    // Scores of one row to weights 2^(score - maximum), hidden slots to 0; what was summed before shrinks to the new maximum.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh(in KvLayout layout, byte* keys, int tiles, int row, ref AttentionWorkspace work)
    {
        float* scores = work.Scores + row * Block;
        int visible = work.Visible[row], padded = (visible + TileSlots - 1) / TileSlots * TileSlots, all = tiles * TileSlots;
        work.Shrink[row] = 1;
        if (visible > 0)
        {
            if (work.ScoreCap != 0)
                for (int slot = 0; slot < padded; slot += TSimd.Count) SoftCap.Of<TSimd, TFloat, TInt>(scores + slot, work.ScoreCap);
            for (int slot = 0; slot < work.Hidden[row]; slot++) scores[slot] = float.NegativeInfinity;
            for (int slot = visible; slot < padded; slot++) scores[slot] = float.NegativeInfinity;
            TFloat largest = TSimd.Load(scores);
            for (int slot = TSimd.Count; slot < padded; slot += TSimd.Count) largest = TSimd.Max(largest, TSimd.Load(scores + slot));
            float before = work.Max[row], now = MathF.Max(before, TSimd.MaxAcross(largest));
            TFloat shrink = TSimd.Broadcast(1), minus = TSimd.Broadcast(-now);
            if (now != before)
            {
                shrink = Exponent.Two<TSimd, TFloat, TInt>(TSimd.Broadcast(before - now));
                work.Max[row] = now;
                work.Shrink[row] = TSimd.MaxAcross(shrink);
            }
            largest = default;
            // Slot i always goes to sum i % 16, in every width of vectors.
            for (int lane = 0; lane < TileSlots; lane += TSimd.Count)
            {
                float* sums = work.Sum + row * TileSlots + lane;
                TFloat sum = TSimd.Multiply(TSimd.Load(sums), shrink);
                for (int slot = lane; slot < padded; slot += TileSlots)
                {
                    TFloat weight = Exponent.Two<TSimd, TFloat, TInt>(TSimd.Add(TSimd.Load(scores + slot), minus));
                    sum = TSimd.Add(sum, weight);
                    if (TFormat.WeightBytes != sizeof(float))
                    {
                        byte* tile = keys + (long)(slot / TileSlots) * layout.KeyTileBytes;
                        weight = TSimd.Multiply(weight, TSimd.Load((float*)(tile + layout.ValueScaleOffset) + lane));
                        largest = TSimd.Max(largest, weight);
                    }
                    TSimd.Store(weight, scores + slot);
                }
                TSimd.Store(sum, sums);
            }
            if (TFormat.WeightBytes != sizeof(float)) work.Unit[row] = ToShorts(scores, padded, TSimd.MaxAcross(largest), Rounded(row, ref work));
        }
        if (TFormat.WeightBytes == sizeof(float)) new Span<float>(scores + padded, all - padded).Clear();
        else new Span<short>(Rounded(row, ref work) + padded, all - padded).Clear();
    }

    private static short* Rounded(int row, ref AttentionWorkspace work) => (short*)work.Shorts + row * Block;

    // To 16 bits by the largest. Returns what one unit stands for.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float ToShorts(float* weights, int count, float largest, short* y)
    {
        TFloat inverse = TSimd.Broadcast(largest > 1e-30f ? LargestShort / largest : 0);
        for (int i = 0; i < count; i += TSimd.Count) TSimd.StoreShorts(TSimd.Multiply(TSimd.Load(weights + i), inverse), y + i);
        return largest / LargestShort;
    }

    // The sums of a split: into the item's own total, or where the caller joins them.
    private static void Join(in AttentionCall call, in AttentionItem item, int split, int rows, ref AttentionWorkspace work)
    {
        int width = call.Layout.Width, record = AttentionTotal.Length(width);
        float* totals = item.Partial < 0 ? work.Totals : call.Partials + (item.Partial + (long)(split - item.SplitStart) * rows) * record;
        for (int row = 0; row < rows; row++)
        {
            float sum = Simd.SumLanes(work.Sum + row * TileSlots);
            float* total = totals + row * record;
            if (item.Partial >= 0 || split == item.SplitStart) AttentionTotal.Set(total, work.Max[row], sum, work.Output + row * width, width);
            else AttentionTotal.Add(total, work.Max[row], sum, work.Output + row * width, width);
        }
    }

    private static void Write(in AttentionCall call, in AttentionItem item, int rows, ref AttentionWorkspace work)
    {
        int record = AttentionTotal.Length(call.Layout.Width);
        for (int row = 0; row < rows; row++)
            AttentionTotal.Write(work.Totals + row * record, call.Output(item, item.RowStart + row), call.Layout.HeadSize);
    }
}
