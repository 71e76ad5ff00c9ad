using ParScale.Model;

namespace ParScale.Engine;

/// <summary>
/// The budget of key-value memory of all sequences together, and the finished sequences that later ones may begin with. These are
/// held as long as nobody needs their room, at most a quarter of the budget; the one that was not used for longest goes first.
/// Safe to use from several threads.
/// </summary>
/// <param name="budget">Bytes that all sequences together may reserve.</param>
/// <param name="keepFinished">Whether finished sequences are held.</param>
internal sealed class KvMemory(long budget, bool keepFinished) : IDisposable
{
    private const int ShareOfFinished = 4;

    private readonly Lock _gate = new();

    private readonly List<FinishedSequence> _finished = [];

    // Counts uses of finished sequences.
    private long _uses;
    private long _reserved;

    /// <summary>Bytes that all sequences together may reserve.</summary>
    public long Budget => budget;

    /// <summary>Bytes that are reserved, those of finished sequences included.</summary>
    public long Reserved
    {
        get
        {
            lock (_gate) return _reserved;
        }
    }

    /// <summary>Reserves bytes, and lets go of finished sequences where they are in the way. False when there is no room.</summary>
    public bool TryReserve(long bytes)
    {
        lock (_gate)
        {
            if (_reserved - FinishedBytes + bytes > budget) return false;
            while (_reserved + bytes > budget) DropOldest();
            _reserved += bytes;
            return true;
        }
    }

    /// <summary>Gives reserved bytes back.</summary>
    public void Release(long bytes)
    {
        lock (_gate) _reserved -= bytes;
    }

    /// <summary>
    /// Takes out the finished sequence of a set and a scope that begins with most of these tokens, and whose keys are turned as those of
    /// the present length are; null when none begins with any. Its bytes stay reserved: whoever takes it gives it back by
    /// <see cref="Return"/> or uses its cache.
    /// </summary>
    public FinishedSequence? Take(StreamSet set, string scope, int epoch, ReadOnlySpan<int> tokens)
    {
        lock (_gate)
        {
            int best = -1, length = 0;
            for (int i = 0; i < _finished.Count; i++)
            {
                if (!_finished[i].IsOf(set, scope, epoch) || _finished[i].Shared(tokens) is var shared && shared <= length) continue;
                (best, length) = (i, shared);
            }
            if (best < 0) return null;
            FinishedSequence found = _finished[best];
            _finished.RemoveAt(best);
            return found;
        }
    }

    /// <summary>Puts a sequence back that was taken out.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="shared">How many of its tokens another one has begun with. It counts as just used if these are most: what all conversations begin with is no use.</param>
    public void Return(FinishedSequence sequence, int shared)
    {
        lock (_gate)
        {
            if (2 * shared >= sequence.Tokens.Length) sequence.LastUse = ++_uses;
            _finished.Add(sequence);
        }
    }

    /// <summary>
    /// Takes over the cache of a sequence that has ended, with the bytes reserved for it: keeps it for later ones, or frees it.
    /// </summary>
    /// <param name="set">The streams that it ran with.</param>
    /// <param name="scope">Whose it was.</param>
    /// <param name="tokens">What the cache holds; empty when it is of no use.</param>
    /// <param name="cache">The cache.</param>
    public void Finish(StreamSet set, string scope, ReadOnlySpan<int> tokens, KeyValues cache)
    {
        lock (_gate)
        {
            var sequence = new FinishedSequence(set, scope, tokens.ToArray(), cache);
            bool useful = keepFinished && tokens.Length > 0 && cache.Bytes <= budget / ShareOfFinished;
            if (!useful || _finished.Any(other => other.IsOf(set, scope, cache.Epoch) && other.Shared(sequence.Tokens) == sequence.Tokens.Length))
            {
                Free(sequence);
                return;
            }
            // A sequence that this one goes on from is no longer needed.
            for (int i = _finished.Count - 1; i >= 0; i--)
                if (_finished[i].IsOf(set, scope, cache.Epoch) && sequence.Shared(_finished[i].Tokens) == _finished[i].Tokens.Length) Drop(i);
            sequence.LastUse = ++_uses;
            _finished.Add(sequence);
            while (FinishedBytes > budget / ShareOfFinished) DropOldest();
        }
    }

    /// <summary>Frees the finished sequences, and some that were taken out.</summary>
    public void DropFinished(ReadOnlySpan<FinishedSequence?> taken)
    {
        lock (_gate)
        {
            foreach (FinishedSequence? sequence in taken)
                if (sequence is not null) Free(sequence);
            while (_finished.Count > 0) Drop(0);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => DropFinished([]);

    private long FinishedBytes => _finished.Sum(sequence => sequence.Cache.Bytes);

    private void DropOldest() => Drop(_finished.IndexOf(_finished.MinBy(sequence => sequence.LastUse)!));

    private void Drop(int index)
    {
        FinishedSequence sequence = _finished[index];
        _finished.RemoveAt(index);
        Free(sequence);
    }

    private void Free(FinishedSequence sequence)
    {
        _reserved -= sequence.Cache.Bytes;
        sequence.Cache.Dispose();
    }
}

/// <summary>A sequence that has ended and whose keys and values are still there.</summary>
/// <param name="Set">The streams that it ran with.</param>
/// <param name="Scope">Whose it was: no other may begin with it.</param>
/// <param name="Tokens">The tokens in its cache.</param>
/// <param name="Cache">Their keys and values.</param>
internal sealed record FinishedSequence(StreamSet Set, string Scope, int[] Tokens, KeyValues Cache)
{
    /// <summary>When it was last of use; larger is later.</summary>
    public long LastUse { get; set; }

    /// <summary>Whether a later sequence of this set and scope may begin with it, whose keys turn by these frequencies.</summary>
    public bool IsOf(StreamSet set, string scope, int epoch) => Set == set && Scope == scope && Cache.Epoch == epoch;

    /// <summary>How many tokens both begin with.</summary>
    public int Shared(ReadOnlySpan<int> tokens) => tokens.CommonPrefixLength(Tokens);
}
