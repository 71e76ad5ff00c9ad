namespace ParScale.Kernels.Attention;

/// <summary>What all sequences of an attention call have in common.</summary>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyValueHeads">Key and value heads; each serves Heads / KeyValueHeads query heads.</param>
/// <param name="HeadSize">D.</param>
/// <param name="Scale">What the products of queries and keys are multiplied with, usually 1 / sqrt(D).</param>
/// <param name="SoftCap">c of score = c tanh(score / c), after the scale; 0: none.</param>
/// <param name="Window">How many tokens a token sees, itself included; learned slots do not count and are always seen.</param>
internal readonly record struct AttentionShape(
    int Heads, int KeyValueHeads, int HeadSize, float Scale, float SoftCap = 0, int Window = AttentionShape.AllTokens)
{
    /// <summary>No window: more tokens than any sequence has.</summary>
    public const int AllTokens = 1 << 30;
}

/// <summary>
/// One sequence of an attention call. It has P * Count rows, stream-major: row p * Count + t; the rows of the sequences of a call
/// follow each other. Sequences may differ in P.
/// </summary>
/// <param name="Tokens">Keys and values of its tokens, room for the new ones included; one stream when all P share them.</param>
/// <param name="Prefix">The learned slots before its tokens, of P streams; null when there are none.</param>
/// <param name="Streams">P.</param>
/// <param name="Filled">Tokens before the first new one.</param>
/// <param name="Count">New tokens.</param>
/// <param name="Helpers">Rows behind those, of a sequence with one stream and no prefix; none by default.</param>
internal readonly record struct AttentionSequence(
    KvBuffer Tokens, KvBuffer? Prefix, int Streams, int Filled, int Count, HelperRows Helpers = default)
{
    /// <summary>Rows that ask and get a result.</summary>
    public int Rows => Streams * Count + Helpers.Count;

    /// <summary>Rows that bring a key and a value.</summary>
    public int StoredRows => Tokens.Streams * Count + (Helpers.Own is null ? 0 : Helpers.Count);
}

/// <summary>The addresses and sizes of one sequence of a call.</summary>
internal unsafe struct AttentionSpan
{
    public byte* Keys;
    public byte* Values;

    /// <summary>Bytes from one head's keys to the next head's.</summary>
    public long KeyStride;

    public long ValueStride;

    /// <summary>Streams with keys and values of their own: 1 when all share them.</summary>
    public int KeyStreams;

    /// <summary>Learned slots before the first token; where there are helpers, theirs alone.</summary>
    public int Prefix;

    public byte* PrefixKeys;
    public byte* PrefixValues;
    public long PrefixKeyStride;
    public long PrefixValueStride;

    /// <summary>Tokens before the first new one.</summary>
    public int Filled;

    /// <summary>New tokens.</summary>
    public int Count;

    /// <summary>Its first new token among those of the call.</summary>
    public int FirstToken;

    /// <summary>Its first row among the queries.</summary>
    public int FirstQuery;

    /// <summary>Rows from one stream's queries to the next; 0 when all streams share them.</summary>
    public int QueryStride;

    /// <summary>Its first row among the results.</summary>
    public int FirstRow;

    /// <summary>Rows that keep nothing, behind the others; null when there are none.</summary>
    public HelperRow* Helpers;

    /// <summary>The tile of the first helper's own key; null where helpers have none of their own.</summary>
    public byte* OwnKeys;

    public byte* OwnValues;

    /// <summary>Bytes from one head's own key tile to the next head's; heads of a row follow each other.</summary>
    public long OwnKeyStride;

    public long OwnValueStride;

    /// <summary>Bytes that <see cref="Fill"/> takes for the spans and helpers of some sequences.</summary>
    public static long BytesFor(ReadOnlySpan<AttentionSequence> sequences)
    {
        long helpers = 0;
        foreach (AttentionSequence sequence in sequences) helpers += sequence.Helpers.Count;
        return sequences.Length * (long)sizeof(AttentionSpan) + helpers * sizeof(HelperRow);
    }

    /// <summary>
    /// Writes the addresses of a call's sequences, and their helpers behind them. Rows follow each other as they do in the call: those
    /// that ask, or those that are <paramref name="stored"/>. All streams of a sequence ask the same when <paramref name="shared"/> is set.
    /// </summary>
    public static void Fill(ReadOnlySpan<AttentionSequence> sequences, AttentionSpan* spans, bool shared, bool stored)
    {
        var helpers = (HelperRow*)(spans + sequences.Length);
        int token = 0, row = 0;
        for (int i = 0; i < sequences.Length; i++)
        {
            AttentionSequence sequence = sequences[i];
            spans[i] = Of(sequence, token, row, shared, helpers);
            sequence.Helpers.Rows.Span.CopyTo(new Span<HelperRow>(helpers, sequence.Helpers.Count));
            helpers += sequence.Helpers.Count;
            token += sequence.Count;
            row += stored ? sequence.StoredRows : sequence.Rows;
        }
    }

    private static AttentionSpan Of(in AttentionSequence sequence, int firstToken, int firstRow, bool shared, HelperRow* helpers)
    {
        KvBuffer tokens = sequence.Tokens;
        var span = new AttentionSpan
        {
            Keys = tokens.Keys,
            Values = tokens.Values,
            KeyStride = tokens.KeyStride,
            ValueStride = tokens.ValueStride,
            KeyStreams = tokens.Streams,
            Filled = sequence.Filled,
            Count = sequence.Count,
            FirstToken = firstToken,
            FirstRow = firstRow,
            FirstQuery = shared ? firstToken : firstRow,
            QueryStride = shared ? 0 : sequence.Count,
            Helpers = sequence.Helpers.Count > 0 ? helpers : null,
        };
        if (sequence.Helpers.Own is { } own)
        {
            (span.OwnKeyStride, span.OwnValueStride) = (own.KeyStride, own.ValueStride);
            span.OwnKeys = own.Keys + (long)sequence.Helpers.First * own.Heads * own.KeyStride;
            span.OwnValues = own.Values + (long)sequence.Helpers.First * own.Heads * own.ValueStride;
        }
        if ((sequence.Prefix ?? sequence.Helpers.Prefix) is not { } prefix) return span;
        span.Prefix = prefix.Capacity;
        span.PrefixKeys = prefix.Keys;
        span.PrefixValues = prefix.Values;
        span.PrefixKeyStride = prefix.KeyStride;
        span.PrefixValueStride = prefix.ValueStride;
        return span;
    }

    /// <summary>Rounds one slot of one head; <paramref name="head"/> counts the heads of all streams. key, value: [D]. last: no new slot follows.</summary>
    public readonly void Store(in KvLayout layout, int head, int slot, float* key, float* value, bool last)
    {
        byte* keyTile = Keys + head * KeyStride + (long)(slot / KvLayout.TileSlots) * layout.KeyTileBytes;
        byte* valueTile = Values + head * ValueStride + (long)(slot / KvLayout.TileSlots) * layout.ValueTileBytes;
        layout.Store(keyTile, valueTile, slot % KvLayout.TileSlots, key, value, last);
    }

    /// <summary>Rounds the own key and value of a helper; <paramref name="head"/> counts the heads of all helpers. key, value: [D].</summary>
    public readonly void StoreOwn(in KvLayout layout, int head, float* key, float* value) =>
        layout.Store(OwnKeys + head * OwnKeyStride, OwnValues + head * OwnValueStride, 0, key, value, last: true);
}

/// <summary>The addresses and sizes of one attention call, as <see cref="CausalAttention"/> describes them.</summary>
internal unsafe struct AttentionCall
{
    /// <summary>Query heads that share a key-value head.</summary>
    public int PerGroup;

    public int Heads;
    public int KeyValueHeads;
    public KvLayout Layout;

    /// <summary>Scale of the scores times log2(e), because weights are powers of 2.</summary>
    public float ScoreFactor;

    /// <summary>The soft cap of the scores times log2(e); 0: none.</summary>
    public float ScoreCap;

    /// <summary>How many tokens a token sees, itself included; at most <see cref="AttentionShape.AllTokens"/>.</summary>
    public int Window;

    public float* Queries;
    public float* Y;
    public AttentionSpan* Spans;

    /// <summary>Where items that cover one split of several leave their sums.</summary>
    public float* Partials;

    /// <summary>The query of a row of an item.</summary>
    public readonly float* Query(in AttentionItem item, int row)
    {
        ref AttentionSpan span = ref Spans[item.Sequence];
        int local = row / PerGroup;
        if (local >= span.Count && span.QueryStride == 0) local = span.Helpers[local - span.Count].Token;
        return Queries + Place(span.FirstQuery + item.Stream * span.QueryStride + local, item, row);
    }

    /// <summary>Where its result goes.</summary>
    public readonly float* Output(in AttentionItem item, int row)
    {
        ref AttentionSpan span = ref Spans[item.Sequence];
        return Y + Place(span.FirstRow + item.Stream * span.Count + row / PerGroup, item, row);
    }

    private readonly long Place(int callRow, in AttentionItem item, int row) =>
        ((long)callRow * Heads + item.Head * PerGroup + row % PerGroup) * Layout.HeadSize;
}
