using ParScale.Model;

namespace ParScale.Engine;

/// <summary>
/// Extends a sequence by given tokens and shows the logits after each of them, or keeps those after the last. A session has one of
/// its own and uses it again for every call, so that a step allocates nothing.
/// </summary>
internal sealed class AppendWork : Work
{
    private readonly int _capacity;
    private readonly bool _ownsCache;
    private int[] _tokens = [];
    private float[] _last = [];

    // The tokens to run are all before _count; those before _first were run in earlier calls.
    private int _first, _count, _read;
    private LogitsVisitor? _visit;
    private ulong[] _active = [];

    /// <summary>For a session that holds its cache.</summary>
    public AppendWork(StreamSet set, KeyValues cache) : base([set], CancellationToken.None) => (_capacity, Current.Kv) = (cache.Capacity, cache);

    /// <summary>For one call, with a cache that the engine lends.</summary>
    public AppendWork(StreamSet set, ReadOnlySpan<int> tokens, LogitsVisitor visit, CancellationToken cancellation) : base([set], cancellation)
    {
        (_capacity, _ownsCache) = (tokens.Length, true);
        Prepare(tokens, visit, cancellation);
    }

    /// <inheritdoc/>
    public override int Capacity => _capacity;

    /// <inheritdoc/>
    public override bool KeepsCache => !_ownsCache;

    /// <inheritdoc/>
    public override ReadOnlySpan<int> Pending => _tokens.AsSpan(_read, _count - _read);

    /// <inheritdoc/>
    public override bool IsComplete => _read == _count;

    /// <summary>The logits [V] after the last token, when no visitor took them.</summary>
    public ReadOnlySpan<float> Last => _last;

    /// <summary>Takes new tokens to run.</summary>
    public void Prepare(ReadOnlySpan<int> tokens, LogitsVisitor? visit, CancellationToken cancellation) => Prepare(tokens, [], visit, cancellation);

    /// <summary>The same with the streams that run at each of them; none given: all at all of them.</summary>
    public void Prepare(ReadOnlySpan<int> tokens, ReadOnlySpan<ulong> active, LogitsVisitor? visit, CancellationToken cancellation)
    {
        Restart();
        if (_active.Length > 0 || active.Length > 0) _active = active.ToArray();
        if (_tokens.Length < tokens.Length) _tokens = new int[tokens.Length];
        tokens.CopyTo(_tokens);
        (_first, _count, _read, _visit, Cancellation) = (0, tokens.Length, 0, visit, cancellation);
    }

    /// <inheritdoc/>
    public override int Wanted(int count) => _visit is not null ? Math.Clamp(_read + count - _first, 0, count) : _read + count == _count ? 1 : 0;

    /// <inheritdoc/>
    public override ReadOnlyMemory<ulong> Active(int count) =>
        _active.Length == 0 ? default : _active.AsMemory(_read + count - Wanted(count) - _first, Wanted(count));

    /// <inheritdoc/>
    public override void Advance(int count) => _read += count;

    /// <inheritdoc/>
    public override void Rerun()
    {
        // The length is the same for all tokens of a call, so this happens only before the first of them.
        ReadOnlySpan<int> earlier = Cache!.Tokens;
        var tokens = new int[earlier.Length + _count];
        earlier.CopyTo(tokens);
        _tokens.AsSpan(0, _count).CopyTo(tokens.AsSpan(earlier.Length));
        (_tokens, _first, _count, _read) = (tokens, earlier.Length, tokens.Length, 0);
    }

    /// <inheritdoc/>
    public override void Take(int position, ReadOnlySpan<float> logits)
    {
        if (_visit is not null)
        {
            _visit(position, logits);
            return;
        }
        if (_last.Length != logits.Length) _last = new float[logits.Length];
        logits.CopyTo(_last);
    }
}
