namespace ParScale.Training.Data.Order;

/// <summary>
/// The rows of each step that one of several processes takes: a fixed, disjoint part of the global batch, so that the batch is the same
/// whatever their number.
/// </summary>
internal readonly record struct RankSlice(int Rank, int Ranks)
{
    /// <summary>The only process.</summary>
    public static RankSlice All { get; } = new(0, 1);

    /// <summary>Of step <paramref name="step"/> (from 0) with <paramref name="batch"/> rows in all: the first row of this rank and how many.</summary>
    public (long First, int Count) Of(long step, int batch)
    {
        int begin = (int)((long)batch * Rank / Ranks);
        int end = (int)((long)batch * (Rank + 1) / Ranks);
        return (step * batch + begin, end - begin);
    }
}
