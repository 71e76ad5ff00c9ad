using ParScale.Engine;
using ParScale.Model;

namespace ParScale;

/// <summary>Receives the logits [V] that follow the token at <paramref name="position"/>; valid during the call only.</summary>
public delegate void LogitsVisitor(int position, ReadOnlySpan<float> logits);

/// <summary>
/// One sequence, extended by hand. It holds room for its tokens until it is disposed. Not for use by two threads at once; any number
/// of sessions may share a model, and those that run at the same time share its passes.
/// </summary>
public sealed class Session : IDisposable
{
    private readonly LanguageModel _model;
    private readonly InferenceEngine _engine;
    private readonly KeyValues _cache;
    private readonly AppendWork _work;
    private bool _disposed, _running;

    internal Session(LanguageModel model, InferenceEngine engine, StreamSet set, KeyValues cache)
    {
        (_model, _engine, _cache, Streams) = (model, engine, cache, set);
        _work = new AppendWork(set, cache);
    }

    /// <summary>The streams that it runs with.</summary>
    public StreamSet Streams { get; }

    /// <summary>Tokens in the sequence so far.</summary>
    public int Position => _cache.Position;

    /// <summary>Tokens the sequence has room for.</summary>
    public int Capacity => _cache.Capacity;

    /// <summary>Forgets all tokens and keeps the memory.</summary>
    public void Reset() => Rewind(0);

    /// <summary>Forgets the tokens from <paramref name="position"/> on; the next one takes that position.</summary>
    /// <exception cref="ParScaleException">The sequence is not that long (GE-06).</exception>
    /// <exception cref="InvalidOperationException">The sequence is just being extended.</exception>
    public void Rewind(int position)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        RefuseWhileRunning();
        if (position < 0 || position > Position)
            throw ParScaleException.Usage("GE-06", $"a session of {Position} tokens cannot be rewound to {position}");
        _cache.Rewind(position);
    }

    /// <summary>Another session with the same tokens, which goes its own way from here on.</summary>
    /// <param name="capacity">Tokens it has room for; null takes this session's.</param>
    /// <exception cref="ParScaleException">The capacity is below the tokens there are, or above the context or the memory.</exception>
    public Session Fork(int? capacity = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        RefuseWhileRunning();
        if (capacity < Position) throw ParScaleException.Usage("GE-03", $"{Position} tokens do not fit: the fork has room for {capacity}");
        Session fork = _model.CreateSession(capacity ?? Capacity, Streams);
        fork._cache.CopyFrom(_cache, Position);
        return fork;
    }

    /// <summary>Extends the sequence by one or more tokens.</summary>
    /// <returns>The logits [V] after the last token; overwritten by the next call.</returns>
    /// <exception cref="ParScaleException">A token is not in the vocabulary, the sequence is full, or a value is not finite. Nothing was appended.</exception>
    public ReadOnlySpan<float> Append(ReadOnlySpan<int> tokens, CancellationToken cancellationToken = default)
    {
        Run(tokens, null, cancellationToken);
        return _work.Last;
    }

    /// <summary>Extends the sequence and shows the logits after every token, in order.</summary>
    /// <exception cref="ParScaleException">A token is not in the vocabulary, the sequence is full, or a value is not finite. Nothing was appended.</exception>
    public void Append(ReadOnlySpan<int> tokens, LogitsVisitor visit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(visit);
        Run(tokens, visit, cancellationToken);
    }

    /// <summary>The same of an anchored model, with chosen streams at each token. What the sequence keeps does not depend on the choice.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="active">For each of them, bit p for every stream p that runs there; bit 0, the anchor, is always set.</param>
    /// <param name="visit">Receives the logits after each of them.</param>
    /// <param name="cancellationToken">Ends it before the next pass.</param>
    /// <exception cref="ParScaleException">As above, or the streams are not an anchored model's, or not those of each token (GE-07).</exception>
    public void Append(ReadOnlySpan<int> tokens, ReadOnlySpan<ulong> active, LogitsVisitor visit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(visit);
        if (!Streams.IsAnchored) throw ParScaleException.Usage("GE-07", "only an anchored model can leave streams out at a token; give none to choose");
        if (active.Length != tokens.Length)
            throw ParScaleException.Usage("GE-07", $"streams are chosen for {active.Length} tokens, but there are {tokens.Length}; choose them for each token");
        for (int i = 0; i < active.Length; i++)
        {
            if ((active[i] & 1) == 0 || (active[i] & ~Streams.AllStreams) != 0)
                throw ParScaleException.Usage("GE-07", $"the streams of token {i} are 0x{active[i]:x}; the anchor, 0x1, has to be among them, and no more than 0x{Streams.AllStreams:x}");
        }
        Run(tokens, active, visit, cancellationToken);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The sequence is just being extended.</exception>
    public void Dispose()
    {
        if (_disposed) return;
        RefuseWhileRunning();
        _disposed = true;
        _engine.Release(_cache);
        _model.Release();
    }

    private void Run(ReadOnlySpan<int> tokens, LogitsVisitor? visit, CancellationToken cancellationToken) => Run(tokens, [], visit, cancellationToken);

    private void Run(ReadOnlySpan<int> tokens, ReadOnlySpan<ulong> active, LogitsVisitor? visit, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        RefuseWhileRunning();
        _model.CheckTokens(tokens);
        if (tokens.Length > Capacity - Position)
            throw ParScaleException.Usage("GE-03", $"{tokens.Length} tokens do not fit: this session has room for {Capacity - Position} more");
        int before = Position;
        _running = true;
        try
        {
            _work.Prepare(tokens, active, visit, cancellationToken);
            _engine.Run(_work);
        }
        catch
        {
            // Earlier tokens may have been running again: then all of them do so next time.
            if (_cache.Position < before) _cache.Epoch = -1;
            _cache.Rewind(before);
            throw;
        }
        finally
        {
            _running = false;
        }
    }

    // What a logits visitor might do: the pass that calls it works with this sequence's tokens and memory.
    private void RefuseWhileRunning()
    {
        if (_running) throw new InvalidOperationException("the session is just being extended: a logits visitor must not change it, nor may another thread");
    }
}
