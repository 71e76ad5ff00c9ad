namespace ParScale.Model;

/// <summary>
/// Rows of a pass. A sequence of T new tokens has P * T of them, stream-major: row p * T + t; the rows of the sequences follow each
/// other, whatever their P.
/// </summary>
internal static class StreamRows
{
    /// <summary>
    /// One input becomes P streams: they start from the same embedding and differ by their prefixes alone. x: [T, H] of all sequences
    /// becomes [R, H] in place.
    /// </summary>
    public static void Replicate(Span<float> x, int hidden, ReadOnlySpan<PassSequence> sequences)
    {
        int token = 0, row = 0;
        foreach (PassSequence sequence in sequences)
        {
            token += sequence.Count;
            row += sequence.Rows;
        }
        // From the back: a sequence's rows begin at or after its tokens, so nothing is overwritten before it was read.
        for (int i = sequences.Length - 1; i >= 0; i--)
        {
            int length = sequences[i].Count * hidden;
            token -= sequences[i].Count;
            row -= sequences[i].Rows;
            for (int stream = sequences[i].Set.Count - 1; stream >= 0; stream--)
                x.Slice(token * hidden, length).CopyTo(x.Slice(row * hidden + stream * length, length));
        }
    }

    /// <summary>Moves the rows of the tokens whose logits are wanted, the last ones of each sequence, to the front, in order.</summary>
    public static void KeepWanted(Span<float> x, int hidden, ReadOnlySpan<PassSequence> sequences)
    {
        int from = 0, to = 0;
        foreach (PassSequence sequence in sequences)
        {
            int length = sequence.Wanted * hidden, left = (sequence.Count - sequence.Wanted) * hidden;
            for (int stream = 0; stream < sequence.Set.Count; stream++)
            {
                if (from + left != to) x.Slice(from + left, length).CopyTo(x[to..]);
                from += left + length;
                to += length;
            }
        }
    }
}
