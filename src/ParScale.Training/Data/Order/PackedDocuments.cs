using ParScale.Training.Data.Shards;

namespace ParScale.Training.Data.Order;

/// <summary>
/// Whole documents in rows, the rest of a row is padding. A document goes to the fullest row of some open ones that has room for it;
/// one that is longer than a row, or has nothing to learn, is left out. The rows are the same in every epoch; only their order changes.
/// </summary>
internal sealed class PackedDocuments : IRowSet
{
    private const int MostOpen = 64;
    private const int None = -1;

    private readonly TokenSplit _split;
    private readonly int[] _nextInRow;
    private readonly List<int> _firstInRow = [];

    /// <summary>Packs in the order of <paramref name="order"/>, or as stored when that is null.</summary>
    /// <exception cref="ParScaleException">There are more documents than this keeps track of.</exception>
    public PackedDocuments(TokenSplit split, int context, Permutation? order)
    {
        _split = split;
        if (split.Documents >= Array.MaxLength)
        {
            throw ParScaleException.Usage("TR-10",
                $"{split.Documents} documents are more than can be packed whole; run parscale-train data with --packing cut");
        }
        _nextInRow = new int[split.Documents];
        Array.Fill(_nextInRow, None);
        var open = new List<(int Row, int Free)>();
        for (long i = 0; i < split.Documents; i++)
        {
            int document = (int)(order?.At(i) ?? i);
            long size = split.End(document) - split.Start(document) - 1;
            if (size < 1 || size > context) LeftOut++;
            else Place(document, (int)size, context, open);
        }
    }

    public long Count => _firstInRow.Count;

    /// <summary>Documents that fit into no row.</summary>
    public long LeftOut { get; private set; }

    public void Fill(long row, Batch batch, int at)
    {
        int place = at * batch.Context;
        for (int document = _firstInRow[(int)row]; document != None; document = _nextInRow[document])
        {
            long start = _split.Start(document);
            long[] ids = new long[_split.End(document) - start];
            _split.Read(start, ids);
            for (int i = 0; i < ids.Length - 1; i++, place++)
            {
                batch.Inputs[place] = ids[i];
                batch.Offsets?[place] = i;
                if (!_split.IsLearned(start + i + 1)) continue;
                batch.Targets[place] = ids[i + 1];
                batch.Learned?.Add(place);
            }
        }
    }

    private void Place(int document, int size, int context, List<(int Row, int Free)> open)
    {
        int best = None;
        for (int i = 0; i < open.Count; i++)
            if (open[i].Free >= size && (best == None || open[i].Free < open[best].Free)) best = i;
        if (best == None)
        {
            if (open.Count == MostOpen) open.Remove(open.MinBy(row => row.Free));
            best = open.Count;
            open.Add((_firstInRow.Count, context));
            _firstInRow.Add(None);
        }
        (int row, int free) = open[best];
        // The newest document of a row stands first: its place in the row makes no difference.
        _nextInRow[document] = _firstInRow[row];
        _firstInRow[row] = document;
        if (free == size) open.RemoveAt(best);
        else open[best] = (row, free - size);
    }
}
