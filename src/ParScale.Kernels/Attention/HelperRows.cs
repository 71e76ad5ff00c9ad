namespace ParScale.Kernels.Attention;

/// <summary>
/// One more row at a token of a sequence, of a stream that keeps nothing: it sees learned slots, the keys and values of the tokens before
/// its own, and one key and value that no other row sees.
/// </summary>
/// <param name="Slots">The stream of <see cref="HelperRows.Prefix"/> that holds its learned slots.</param>
/// <param name="Token">The new token of its sequence at which it asks, from 0.</param>
internal readonly record struct HelperRow(int Slots, int Token);

/// <summary>The rows of a sequence that keep nothing. They lie behind its other rows, in this order.</summary>
/// <param name="Rows">Each of them.</param>
/// <param name="Prefix">Their learned slots.</param>
/// <param name="Own">
/// Their own keys and values: one slot for each row, in the buffer's stream <paramref name="First"/> for the first of them. Null where these
/// are the same as the sequence's at their token, so that each row sees that one as well.
/// </param>
/// <param name="First">The stream of <paramref name="Own"/> that is the first row's.</param>
internal readonly record struct HelperRows(ReadOnlyMemory<HelperRow> Rows, KvBuffer? Prefix, KvBuffer? Own, int First)
{
    /// <summary>How many there are; 0 by default.</summary>
    public int Count => Rows.Length;
}
