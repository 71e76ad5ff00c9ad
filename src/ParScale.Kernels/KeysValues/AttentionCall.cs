namespace ParScale.Kernels.KeysValues;

/// <summary>The addresses and sizes of one attention call, as <see cref="Ops.Attention"/> describes them.</summary>
internal unsafe struct AttentionCall
{
    /// <summary>Query heads that share a key-value head.</summary>
    public int PerGroup;

    public int Tokens;
    public int Heads;
    public KvLayout Layout;

    /// <summary>Slots before the first token.</summary>
    public int Prefix;

    public byte* PrefixKeys;
    public byte* PrefixValues;
    public long PrefixKeyStride;
    public long PrefixValueStride;

    public float* Queries;

    /// <summary>Singles from one stream's queries to the next; 0 when all streams share them.</summary>
    public long QueryStreamStride;

    public float* Y;
    public int KeyValueHeads;
    public AttentionSpan* Spans;

    /// <summary>Where items that cover one split of several leave their sums.</summary>
    public float* Partials;

    /// <summary>The query of a row of an item.</summary>
    public readonly float* Query(in AttentionItem item, int row) => Queries + item.Stream * QueryStreamStride + Place(item, row);

    /// <summary>Where its result goes.</summary>
    public readonly float* Output(in AttentionItem item, int row) =>
        Y + (long)item.Stream * Tokens * Heads * Layout.HeadSize + Place(item, row);

    private readonly long Place(in AttentionItem item, int row) =>
        ((long)(Spans[item.Sequence].First + row / PerGroup) * Heads + item.Head * PerGroup + row % PerGroup) * Layout.HeadSize;
}
