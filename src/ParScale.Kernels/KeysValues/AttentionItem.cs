namespace ParScale.Kernels.KeysValues;

/// <summary>
/// A piece of work of one thread: some rows of one sequence, stream and key-value head, over some splits of the tokens.
/// Row r is query r / group of query head r % group, group being the heads that share the key-value head.
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
