using ParScale.Training.Data.Shards;

namespace ParScale.Training.Data.Order;

/// <summary>
/// Documents one after the other, cut into windows from token <paramref name="first"/> on. What a cut parts from its beginning is a
/// document of its own. The first token of a document follows nothing: it is never learned.
/// </summary>
internal sealed class WindowRows(TokenSplit split, int context, long first) : IRowSet
{
    /// <summary>The last window may be shorter; padding, which is not learned, fills it.</summary>
    public long Count { get; } = Math.Max(0, (split.Tokens - 1 - first + context - 1) / context);

    public void Fill(long row, Batch batch, int at)
    {
        long start = first + row * context;
        long[] ids = new long[(int)Math.Min(context + 1, split.Tokens - start)];
        split.Read(start, ids);
        long document = split.DocumentOf(start);
        (long begin, long end) = (start, split.End(document));
        for (int i = 0; i < ids.Length - 1; i++)
        {
            int place = at * context + i;
            if (start + i == end) (begin, end) = (end, split.End(++document));
            batch.Inputs[place] = ids[i];
            batch.Offsets?[place] = start + i - begin;
            if (start + i + 1 == end) continue;
            batch.Targets[place] = ids[i + 1];
            batch.Learned?.Add(place);
        }
    }
}
