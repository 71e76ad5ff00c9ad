using ParScale.Kernels.Memory;

namespace ParScale.Kernels.Attention;

/// <summary>
/// A piece of work of one thread: some rows of one sequence, stream and key-value head, over some splits of the tokens.
/// Row r is query r / group of query head r % group, group being the heads that share the key-value head; behind the queries of the new
/// tokens come those of helpers.
/// </summary>
internal struct AttentionItem
{
    /// <summary>Tokens in a split. Sums are kept per split and joined in order, whoever computes them.</summary>
    public const int SplitTokens = 512;

    /// <summary>Most rows of an item at head sizes up to 128.</summary>
    public const int MostRows = 32;

    public int Sequence;
    public int Stream;
    public int Head;
    public int RowStart;
    public int RowEnd;
    public int SplitStart;
    public int SplitEnd;

    /// <summary>Its first record among the partial sums; negative when it covers all splits and writes the result.</summary>
    public int Partial;

    /// <summary>Multiply-adds of all items before this one.</summary>
    public long CostBefore;
}

/// <summary>The work of one attention call cut into items, and the items into shares of about the same cost.</summary>
internal unsafe struct AttentionPlan
{
    private AttentionItem* _items;

    /// <summary>Items in the plan.</summary>
    public int Count { get; private set; }

    /// <summary>Multiply-adds of all items, about.</summary>
    public long Cost { get; private set; }

    /// <summary>Writes the items and the sequences' addresses into <paramref name="scratch"/>, and the latter into the call.</summary>
    public static AttentionPlan Make(
        ref AttentionCall call, bool sharedQueries, ReadOnlySpan<AttentionSequence> sequences, Scratch scratch, int threads)
    {
        int mostRows = AttentionWorkspace.MostRows(call.Layout.HeadSize);
        int whole = 0, deepest = 1;
        foreach (AttentionSequence sequence in sequences)
        {
            whole += sequence.Streams * call.KeyValueHeads * ((RowsOfItem(sequence) * call.PerGroup + mostRows - 1) / mostRows);
            deepest = Math.Max(deepest, Splits(sequence));
        }
        // Few items and long sequences: the splits of an item go to several threads.
        bool apart = threads > 1 && whole < 4 * threads;
        long most = (long)whole * (apart ? deepest : 1), record = AttentionTotal.Length(call.Layout.Width) * sizeof(float);
        long itemBytes = Align(most * sizeof(AttentionItem)), spanBytes = Align(AttentionSpan.BytesFor(sequences));
        byte* memory = scratch.Take(itemBytes + spanBytes + (apart ? most * mostRows * record : 0));
        call.Spans = (AttentionSpan*)(memory + itemBytes);
        call.Partials = (float*)(memory + itemBytes + spanBytes);

        AttentionSpan.Fill(sequences, call.Spans, sharedQueries, stored: false);
        var plan = new AttentionPlan { _items = (AttentionItem*)memory };
        for (int i = 0; i < sequences.Length; i++)
        {
            AttentionSequence sequence = sequences[i];
            for (int head = 0; head < sequence.Streams * call.KeyValueHeads; head++) plan.Append(call, i, head, sequence, apart, mostRows);
        }
        return plan;
    }

    /// <summary>An item.</summary>
    public readonly ref readonly AttentionItem Item(int index) => ref _items[index];

    /// <summary>The first item of share <paramref name="share"/> of <paramref name="shares"/>; a share ends where the next begins.</summary>
    public readonly int FirstItem(int share, int shares)
    {
        long from = Cost * share / shares;
        int low = 0, high = Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_items[middle].CostBefore < from) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>Joins the sums of splits that were computed apart, in order, and writes the results.</summary>
    public readonly void JoinPartials(in AttentionCall call)
    {
        int record = AttentionTotal.Length(call.Layout.Width);
        float* total = null;
        for (int i = 0; i < Count; i++)
        {
            ref readonly AttentionItem item = ref _items[i];
            if (item.Partial < 0) continue;
            float* own = call.Partials + (long)item.Partial * record;
            int rows = item.RowEnd - item.RowStart;
            if (item.SplitStart == 0) total = own;
            else for (int row = 0; row < rows; row++) AttentionTotal.Add(total + row * record, own + row * record, call.Layout.Width);
            if (i + 1 < Count && _items[i + 1].SplitStart > 0) continue;
            for (int row = 0; row < rows; row++)
                AttentionTotal.Write(total + row * record, call.Output(item, item.RowStart + row), call.Layout.HeadSize);
        }
    }

    private void Append(in AttentionCall call, int sequence, int head, AttentionSequence tokens, bool apart, int mostRows)
    {
        int rows = RowsOfItem(tokens) * call.PerGroup, splits = Splits(tokens);
        for (int row = 0; row < rows; row += mostRows)
        {
            // Of helpers at most: they may ask at any of the new tokens.
            int end = Math.Min(rows, row + mostRows), visible = tokens.Filled + Math.Min(tokens.Count, (end - 1) / call.PerGroup + 1);
            int hidden = Math.Max(0, tokens.Filled + Math.Min(tokens.Count - 1, row / call.PerGroup) + 1 - call.Window);
            int step = apart && splits > 1 ? 1 : splits;
            for (int split = 0; split < splits; split += step)
            {
                int first = split * AttentionItem.SplitTokens;
                int slots = Math.Max(0, Math.Min(visible, first + step * AttentionItem.SplitTokens) - Math.Max(hidden, first));
                _items[Count] = new AttentionItem
                {
                    Sequence = sequence,
                    Stream = head / call.KeyValueHeads,
                    Head = head % call.KeyValueHeads,
                    RowStart = row,
                    RowEnd = end,
                    SplitStart = split,
                    SplitEnd = split + step,
                    Partial = step < splits ? Count * mostRows : -1,
                    CostBefore = Cost,
                };
                Count++;
                Cost += 2L * (end - row) * (slots + (split == 0 ? call.Spans[sequence].Prefix : 0)) * call.Layout.HeadSize;
            }
        }
    }

    // Of one stream: rows that share keys and values. Helpers are beside a single one.
    private static int RowsOfItem(AttentionSequence sequence) => sequence.Count + sequence.Helpers.Count;

    private static int Splits(AttentionSequence sequence) =>
        (sequence.Filled + sequence.Count + AttentionItem.SplitTokens - 1) / AttentionItem.SplitTokens;

    private static long Align(long bytes) => (bytes + 63) & ~63L;
}
