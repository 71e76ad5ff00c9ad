namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>How a kernel wants the codes of a group of activations.</summary>
internal enum ActivationLayout
{
    /// <summary>One byte each, in order.</summary>
    Bytes,

    /// <summary>
    /// 16 bits each, first those at places 0 and 2, 4 and 6 and so on, then those at 1 and 3, 5 and 7 and so on: each two are what the
    /// even or odd bytes of four neighbouring weights are multiplied with.
    /// </summary>
    WordPairs,

    /// <summary>
    /// One byte each. Two rows of a block lie together: eight values of the first, the same eight of the second, the next eight of the first and
    /// so on. A last row without a second lies in order.
    /// </summary>
    RowPairs,
}
