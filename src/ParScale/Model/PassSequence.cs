using System.Numerics;

namespace ParScale.Model;

/// <summary>The next tokens of one sequence in a pass.</summary>
/// <param name="Cache">Its keys and values, which hold what came before.</param>
/// <param name="Set">The streams that it runs with.</param>
/// <param name="Count">How many of the pass's tokens are its own; those of the sequences follow each other.</param>
/// <param name="Wanted">How many of them, the last ones, want logits.</param>
internal readonly record struct PassSequence(KeyValues Cache, StreamSet Set, int Count, int Wanted)
{
    /// <summary>
    /// Which streams run at each wanted token, bit p for stream p; empty: all at all of them. Only an anchored set can leave some out,
    /// and never its anchor.
    /// </summary>
    public ReadOnlyMemory<ulong> Active { get; init; }

    /// <summary>Whether the likeliest tokens will probably do, in place of all logits.</summary>
    public bool LikeliestDo { get; init; }

    /// <summary>Rows of the pass: P * T; of an anchored set one for each token, and one for each helper at a wanted one.</summary>
    public int Rows => Set.IsAnchored ? Count + Helpers : Set.Count * Count;

    /// <summary>Those of the wanted tokens.</summary>
    public int WantedRows => Set.IsAnchored ? Wanted + Helpers : Set.Count * Wanted;

    /// <summary>Streams that run at a wanted token, from 0.</summary>
    public ulong ActiveAt(int wanted) => Active.IsEmpty ? Set.AllStreams : Active.Span[wanted];

    private int Helpers
    {
        get
        {
            if (Active.IsEmpty) return (Set.Count - 1) * Wanted;
            int streams = 0;
            foreach (ulong active in Active.Span) streams += BitOperations.PopCount(active);
            return streams - Wanted;
        }
    }

    /// <summary>Refuses active streams that are not an anchored set's, or not those of each wanted token.</summary>
    /// <exception cref="ArgumentException">They do not fit.</exception>
    public void CheckActive()
    {
        if (Active.IsEmpty) return;
        bool fits = Set.IsAnchored && Active.Length == Wanted;
        foreach (ulong active in Active.Span) fits &= (active & 1) == 1 && (active & ~Set.AllStreams) == 0;
        if (!fits) throw new ArgumentException("the active streams are not those of an anchored set, at every wanted token and with its anchor");
    }
}

/// <summary>The numbers of a pass: T tokens in R rows, W wanted tokens in as many rows as their streams are, and a weight for each of their streams.</summary>
internal readonly record struct PassSize(int Tokens, int Rows, int Wanted, int WantedRows, int Weights)
{
    /// <summary>Adds up the sequences of a pass of <paramref name="tokens"/> tokens.</summary>
    /// <exception cref="ArgumentException">The sequences do not fit the tokens, the rows of a pass or their caches.</exception>
    public static PassSize Of(int tokens, ReadOnlySpan<PassSequence> sequences)
    {
        int rows = 0, left = tokens, weights = 0, wanted = 0, wantedRows = 0;
        foreach (PassSequence sequence in sequences)
        {
            int room = sequence.Cache.Capacity - sequence.Cache.Position;
            if (sequence.Count < 1 || sequence.Count > Math.Min(room, left) || sequence.Cache.Streams != sequence.Set.Cached.Count)
                throw new ArgumentException("a sequence has more tokens than the pass or than its cache has room for", nameof(sequences));
            if ((uint)sequence.Wanted > (uint)sequence.Count) throw new ArgumentException("more logits are wanted than there are tokens", nameof(sequences));
            sequence.CheckActive();
            weights += sequence.Set.Count * sequence.Wanted;
            wanted += sequence.Wanted;
            wantedRows += sequence.WantedRows;
            rows += sequence.Rows;
            left -= sequence.Count;
        }
        if (left != 0 || tokens == 0) throw new ArgumentException("the sequences do not have the pass's tokens together", nameof(sequences));
        if (rows > ForwardPass.MostRows) throw new ArgumentException($"a pass takes at most {ForwardPass.MostRows} rows, these are {rows}", nameof(sequences));
        return new PassSize(tokens, rows, wanted, wantedRows, weights);
    }
}
