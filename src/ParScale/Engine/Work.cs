using System.Runtime.ExceptionServices;
using ParScale.Model;

namespace ParScale.Engine;

/// <summary>
/// What one caller wants of the engine: tokens to run through one sequence, and what is done with the logits that follow them. Its
/// methods are called by the thread that runs the engine, one at a time.
/// </summary>
/// <param name="sets">The streams that it runs with: one set, or several that take turns.</param>
/// <param name="cancellation">Ends it before the next pass.</param>
internal abstract class Work(IReadOnlyList<StreamSet> sets, CancellationToken cancellation)
{
    private readonly SequenceCache[] _caches = [.. sets.Select(set => new SequenceCache(set))];
    private readonly object _end = new();
    private ExceptionDispatchInfo? _failure;
    private bool _ended;

    /// <summary>What each of its sets has read of the sequence, the one of most streams last.</summary>
    public ReadOnlySpan<SequenceCache> Caches => _caches;

    /// <summary>That of the next pass.</summary>
    public virtual SequenceCache Current => _caches[0];

    /// <summary>The streams of the next pass.</summary>
    public StreamSet Set => Current.Set;

    /// <summary>Keys and values that the next pass extends; null until the engine has room, or the session's own from the start.</summary>
    public KeyValues? Cache => Current.Kv;

    /// <summary>The set of most streams.</summary>
    public StreamSet LargestSet => _caches[^1].Set;

    /// <summary>Whether a set of fewer streams has its turn.</summary>
    public bool Rests => Set != LargestSet;

    /// <summary>Tokens of the longest sequence that it can become.</summary>
    public abstract int Capacity { get; }

    /// <summary>Whether the cache belongs to somebody who outlives the work.</summary>
    public virtual bool KeepsCache => false;

    /// <summary>Order of arrival.</summary>
    public long Number { get; set; }

    /// <summary>Ends it before the next pass.</summary>
    public CancellationToken Cancellation { get; protected set; } = cancellation;

    /// <summary>Whether the engine has done with it; its caller hears of that by <see cref="End"/>, a moment later.</summary>
    public bool HasLeft { get; set; }

    /// <summary>Whether nothing more will be done for it.</summary>
    public bool Ended => Volatile.Read(ref _ended);

    /// <summary>Whether it may have nothing to run for a moment after a step: its caller, or something made elsewhere, has to come first.</summary>
    public virtual bool Pauses => KeepsCache;

    /// <summary>Tokens that the set of the next pass has not read yet.</summary>
    public abstract ReadOnlySpan<int> Pending { get; }

    /// <summary>The tokens of the sequence, when a later one may begin with those in a cache; else none.</summary>
    public virtual ReadOnlySpan<int> Reusable => [];

    /// <summary>Whose work it is: only earlier sequences of the same scope are reused.</summary>
    public virtual string? Scope => "";

    /// <summary>Whether a part of the pending tokens may be taken from an earlier sequence instead of being run.</summary>
    public virtual bool MayReuse => false;

    /// <summary>It has its room; its first pass is next.</summary>
    public virtual void Begin()
    {
    }

    /// <summary>Of the next <paramref name="count"/> pending tokens, how many, the last ones, want logits.</summary>
    public abstract int Wanted(int count);

    /// <summary>
    /// Which streams run at each of those wanted tokens, bit p for stream p; empty: all of them. Others than an anchored set have all.
    /// </summary>
    public virtual ReadOnlyMemory<ulong> Active(int count) => default;

    /// <summary>
    /// Whether the token at <paramref name="position"/>, the last one, is to be run once more, with other streams, since these logits [V]
    /// do not suffice. Nothing else is done with them then.
    /// </summary>
    public virtual bool RunsAgain(int position, ReadOnlySpan<float> logits) => false;

    /// <summary>Whether the likeliest tokens will probably do in place of the logits of the next pass (<see cref="TryTake"/>).</summary>
    public virtual bool LikeliestDo => false;

    /// <summary>Most rows of the next <paramref name="count"/> pending tokens in a pass.</summary>
    public int Rows(int count) => Set.IsAnchored ? count + (Set.Count - 1) * Wanted(count) : Set.Count * count;

    /// <summary>A pass has put the first <paramref name="count"/> pending tokens into the cache.</summary>
    public abstract void Advance(int count);

    /// <summary>
    /// The keys in the cache are of no use at the present length: the tokens that it holds are to be run again, before the pending ones.
    /// They are in the cache's list until it is emptied, which is next.
    /// </summary>
    public virtual void Rerun()
    {
    }

    /// <summary>Whether <see cref="TakeStreamWeights"/> is called.</summary>
    public virtual bool WantsStreamWeights => false;

    /// <summary>
    /// Takes what each stream contributed to the token whose logits come next, [P]; valid during the call only. Not called where P = 1.
    /// </summary>
    public virtual void TakeStreamWeights(ReadOnlySpan<float> weights)
    {
    }

    /// <summary>Takes the logits [V] after the token at <paramref name="position"/>; they are finite, and valid during the call only.</summary>
    public abstract void Take(int position, ReadOnlySpan<float> logits);

    /// <summary>The same where the likeliest tokens do; otherwise nothing is done, and <see cref="Take"/> is next. Valid during the call only.</summary>
    public virtual bool TryTake(in Likeliest likeliest) => false;

    /// <summary>
    /// Has the engine look again, from any thread. Work that cannot do all it must with its logits when it takes them has no pending tokens
    /// until it is resumed; the engine runs the others meanwhile.
    /// </summary>
    public Action Wake { get; set; } = () => { };

    /// <summary>Whether what it waited for is there.</summary>
    public virtual bool CanResume => false;

    /// <summary>Does what was left of its last logits.</summary>
    public virtual void Resume()
    {
    }

    /// <summary>Whether all is done, after the logits of a pass were taken.</summary>
    public abstract bool IsComplete { get; }

    /// <summary>Ends it, with the reason when it failed. Only the first call counts.</summary>
    public void End(Exception? failure)
    {
        if (_ended) return;
        OnEnd(failure);
        lock (_end)
        {
            _failure = failure is null ? null : ExceptionDispatchInfo.Capture(failure);
            _ended = true;
            Monitor.PulseAll(_end);
        }
    }

    /// <summary>Waits until it has ended, at most <paramref name="milliseconds"/>.</summary>
    public bool Wait(int milliseconds)
    {
        lock (_end)
        {
            if (!_ended) Monitor.Wait(_end, milliseconds);
            return _ended;
        }
    }

    /// <summary>Throws what it failed with.</summary>
    public void ThrowIfFailed() => _failure?.Throw();

    /// <summary>Makes it ready to be used again.</summary>
    protected void Restart() => (_ended, _failure) = (false, null);

    /// <summary>Tells whoever waits for more of it.</summary>
    protected virtual void OnEnd(Exception? failure)
    {
    }
}

/// <summary>The sequence of some work as one stream set has read it.</summary>
/// <param name="set">The set.</param>
internal sealed class SequenceCache(StreamSet set)
{
    /// <summary>The set.</summary>
    public StreamSet Set => set;

    /// <summary>Keys and values of the tokens that it has read; null while there is no room for them.</summary>
    public KeyValues? Kv { get; set; }

    /// <summary>How many tokens it has read.</summary>
    public int Read => Kv?.Position ?? 0;
}
