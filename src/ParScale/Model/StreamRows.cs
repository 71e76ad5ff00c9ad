using ParScale.Kernels.Attention;

namespace ParScale.Model;

/// <summary>
/// Rows of a pass. A sequence of T new tokens has P * T of them, stream-major: row p * T + t. One of an anchored set has the T rows of
/// its anchor and behind them those of the helpers that run, token by token. The rows of the sequences follow each other, whatever their P.
/// </summary>
internal static class StreamRows
{
    /// <summary>
    /// One input becomes P streams: they start from the same embedding and differ by their prefixes alone. x: [T, H] of all sequences
    /// becomes [R, H] in place. helpers: those of all sequences, in order.
    /// </summary>
    public static void Replicate(Span<float> x, int hidden, ReadOnlySpan<PassSequence> sequences, ReadOnlySpan<HelperRow> helpers)
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
            int streams = sequences[i].Set.Cached.Count, behind = sequences[i].Rows - streams * sequences[i].Count;
            for (int helper = 0; helper < behind; helper++)
                x.Slice((token + helpers[^(behind - helper)].Token) * hidden, hidden).CopyTo(x[((row + sequences[i].Count + helper) * hidden)..]);
            helpers = helpers[..^behind];
            for (int stream = streams - 1; stream >= 0; stream--)
                x.Slice(token * hidden, length).CopyTo(x.Slice(row * hidden + stream * length, length));
        }
    }

    /// <summary>Moves the rows of the tokens whose logits are wanted, the last ones of each sequence, to the front, in order.</summary>
    public static void KeepWanted(Span<float> x, int hidden, ReadOnlySpan<PassSequence> sequences)
    {
        int from = 0, to = 0;
        foreach (PassSequence sequence in sequences)
        {
            int streams = sequence.Set.Cached.Count, left = (sequence.Count - sequence.Wanted) * hidden;
            // Helpers run at wanted tokens alone, and stand behind those of their anchor.
            int helpers = sequence.WantedRows - streams * sequence.Wanted;
            for (int stream = 0; stream < streams; stream++)
            {
                int length = (sequence.Wanted + helpers) * hidden;
                if (from + left != to) x.Slice(from + left, length).CopyTo(x[to..]);
                from += left + length;
                to += length;
            }
        }
    }
}
