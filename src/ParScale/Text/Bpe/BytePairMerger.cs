using System.Buffers;

namespace ParScale.Text.Bpe;

/// <summary>
/// Byte-pair merging: repeatedly joins the neighbouring pair of lowest rank, the leftmost of equals. Short words scan for
/// that pair; long ones keep the places of each pair by rank, so that the time stays linear in the word.
/// </summary>
internal sealed class BytePairMerger
{
    private const int LongestScan = 48;
    private const int None = -1;

    private readonly MergeTable _merges;

    /// <summary>Takes the merges.</summary>
    public BytePairMerger(MergeTable merges) => _merges = merges;

    /// <summary>Appends the token ids of one word to <paramref name="ids"/>.</summary>
    /// <param name="symbols">The ids that the word begins with, one for each of its bytes or characters; overwritten.</param>
    /// <param name="ids">Receives the ids that are left when nothing joins any more.</param>
    public void Merge(Span<int> symbols, List<int> ids)
    {
        if (symbols.Length > LongestScan) MergeLong(symbols, ids);
        else MergeShort(symbols, ids);
    }

    /// <summary>Merges by scanning for the lowest rank each time: quadratic, and fastest for words of everyday length.</summary>
    internal void MergeShort(Span<int> symbols, List<int> ids)
    {
        int count = symbols.Length;
        Span<Merge> next = count <= LongestScan ? stackalloc Merge[LongestScan] : new Merge[count];
        for (int i = 0; i + 1 < count; i++) next[i] = _merges.Find(symbols[i], symbols[i + 1]);
        while (count > 1)
        {
            int best = 0;
            for (int i = 1; i + 1 < count; i++)
                if (next[i].Rank < next[best].Rank) best = i;
            if (next[best].Rank == MergeTable.NoMerge.Rank) break;

            symbols[best] = next[best].Id;
            symbols[(best + 2)..count].CopyTo(symbols[(best + 1)..]);
            if (best + 2 < count) next[(best + 2)..(count - 1)].CopyTo(next[(best + 1)..]);
            count--;
            if (best + 1 < count) next[best] = _merges.Find(symbols[best], symbols[best + 1]);
            if (best > 0) next[best - 1] = _merges.Find(symbols[best - 1], symbols[best]);
        }
        for (int i = 0; i < count; i++) ids.Add(symbols[i]);
    }

    /// <summary>Merges with one queue of places per rank; each symbol is joined away at most once, so the work is linear.</summary>
    internal void MergeLong(Span<int> word, List<int> ids)
    {
        int length = word.Length;
        int[] rented = ArrayPool<int>.Shared.Rent(2 * length);
        var symbols = new Symbols(word, rented.AsSpan(0, length), rented.AsSpan(length, length));
        var places = new PlacesByRank();
        for (int i = 0; i < length; i++)
        {
            symbols.Previous[i] = i - 1;
            symbols.Next[i] = i + 1 < length ? i + 1 : None;
        }
        for (int i = 0; i + 1 < length; i++) Note(symbols, i, places);

        while (places.TryTake(out int rank, out int place))
        {
            // A place goes stale when either of its two symbols was joined in the meantime.
            int right = symbols.Id[place] == None ? None : symbols.Next[place];
            if (right == None) continue;
            Merge merge = _merges.Find(symbols.Id[place], symbols.Id[right]);
            if (merge.Rank != rank) continue;

            symbols.Id[place] = merge.Id;
            symbols.Id[right] = None;
            int after = symbols.Next[place] = symbols.Next[right];
            if (after != None)
            {
                symbols.Previous[after] = place;
                Note(symbols, place, places);
            }
            if (symbols.Previous[place] != None) Note(symbols, symbols.Previous[place], places);
        }
        for (int i = 0; i != None; i = symbols.Next[i]) ids.Add(symbols.Id[i]);
        ArrayPool<int>.Shared.Return(rented);
    }

    private void Note(Symbols symbols, int place, PlacesByRank places)
    {
        int rank = _merges.Find(symbols.Id[place], symbols.Id[symbols.Next[place]]).Rank;
        if (rank != MergeTable.NoMerge.Rank) places.Add(rank, place);
    }

    // A doubly linked list over the symbols' places; a place that was joined to the one before it has no id any more.
    private readonly ref struct Symbols(Span<int> id, Span<int> previous, Span<int> next)
    {
        public readonly Span<int> Id = id;
        public readonly Span<int> Previous = previous;
        public readonly Span<int> Next = next;
    }
}
