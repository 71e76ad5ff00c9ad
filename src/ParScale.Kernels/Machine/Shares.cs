namespace ParScale.Kernels.Machine;

/// <summary>
/// The items that each thread has still to do. A share is a range in one 64-bit word: its owner takes from the front,
/// thieves from the back, both by compare-and-swap. Ranges only shrink within a job, so a word never has the same value twice.
/// </summary>
internal sealed class Shares
{
    // One word to a pair of cache lines: neighbours in memory are fetched together.
    private const int Stride = 16;

    // An owner takes a quarter of what it has left: few takes, and the last ones small enough for others to help.
    private const int OwnerParts = 4;

    private readonly long[] _words;
    private readonly int _threads;
    private int _grain;

    /// <summary>Empty shares of <paramref name="threads"/> threads.</summary>
    public Shares(int threads)
    {
        _threads = threads;
        _words = new long[(threads + 1) * Stride];
    }

    /// <summary>Splits <paramref name="count"/> items between the first <paramref name="wanted"/> threads, at multiples of a grain.</summary>
    public void Split(int count, int grain, int wanted)
    {
        _grain = grain;
        for (int thread = 0; thread < _threads; thread++)
            Volatile.Write(ref Word(thread), Pack(Cut(Math.Min(thread, wanted)), Cut(Math.Min(thread + 1, wanted))));

        int Cut(int part) => part == wanted ? count : (int)((long)count * part / wanted / grain * grain);
    }

    /// <summary>The next range for a thread: of its own share, else of another's. False when nothing is left.</summary>
    public bool TryTake(int thread, out int start, out int end)
    {
        if (TryTakeFront(thread, out start, out end)) return true;
        for (int i = 1; i < _threads; i++)
        {
            if (!TryStealBack((thread + i) % _threads, out start, out end)) continue;
            // What was stolen becomes the thread's own share, so that others can steal of it in turn.
            Volatile.Write(ref Word(thread), Pack(start, end));
            if (TryTakeFront(thread, out start, out end)) return true;
        }
        return false;
    }

    private bool TryTakeFront(int thread, out int start, out int end)
    {
        ref long word = ref Word(thread);
        while (true)
        {
            long seen = Volatile.Read(ref word);
            (start, int last) = Unpack(seen);
            end = start;
            if (start >= last) return false;
            end = Math.Min(last, start + RoundUp((last - start) / OwnerParts));
            if (Interlocked.CompareExchange(ref word, Pack(end, last), seen) == seen) return true;
        }
    }

    private bool TryStealBack(int victim, out int start, out int end)
    {
        ref long word = ref Word(victim);
        while (true)
        {
            long seen = Volatile.Read(ref word);
            (int first, end) = Unpack(seen);
            start = first + RoundUp((end - first) / 2);
            if (first >= end) return false;
            // The last grain goes whole: its owner may have been put aside.
            if (start >= end) start = first;
            if (Interlocked.CompareExchange(ref word, Pack(first, start), seen) == seen) return true;
        }
    }

    private int RoundUp(int items) => Math.Max(1, (items + _grain - 1) / _grain) * _grain;

    private ref long Word(int thread) => ref _words[(thread + 1) * Stride];

    private static long Pack(int start, int end) => ((long)start << 32) | (uint)end;

    private static (int Start, int End) Unpack(long word) => ((int)(word >> 32), (int)word);
}
