using ParScale.Configuration;

namespace ParScale.Model;

/// <summary>
/// Keys and values of one sequence's tokens, wherever they lie: those of each stream, and in layer 0, where they are the same in all
/// streams, once. The prefix is not here but in the <see cref="StreamSet"/>.
/// </summary>
internal abstract class KeyValues : IDisposable
{
    // Only where keys may have to be computed anew, and then all of them.
    private readonly int[] _tokens;

    /// <param name="config">The model.</param>
    /// <param name="streams">P.</param>
    /// <param name="capacity">Tokens there is room for.</param>
    /// <param name="bytes">Bytes that it takes when it is full.</param>
    protected KeyValues(ModelConfig config, int streams, int capacity, long bytes)
    {
        (Streams, Capacity, Bytes) = (streams, capacity, bytes);
        _tokens = config.Rotations.Any(rotation => rotation.DependsOnLength) ? new int[capacity] : [];
    }

    /// <summary>P.</summary>
    public int Streams { get; }

    /// <summary>Tokens there is room for.</summary>
    public int Capacity { get; }

    /// <summary>Bytes that it takes when it is full.</summary>
    public long Bytes { get; }

    /// <summary>Tokens stored so far; also the position of the next token, because the prefix takes none.</summary>
    public int Position { get; private set; }

    /// <summary>
    /// By which frequencies its keys are turned: a <see cref="Backbone.RotationEpoch"/>, set by whoever extends the sequence, who empties
    /// the cache first when it holds tokens of another one.
    /// </summary>
    public int Epoch { get; set; }

    /// <summary>The tokens whose keys and values are stored, where they may have to be computed anew; else empty.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Math.Min(Position, _tokens.Length));

    /// <summary>Streams with keys and values of their own: in layer 0 they are the same in all.</summary>
    public static int StreamsIn(int layer, int streams) => layer == 0 ? 1 : streams;

    /// <summary>Counts tokens whose keys and values every layer has stored.</summary>
    public void Advance(ReadOnlySpan<int> tokens)
    {
        if (_tokens.Length > 0) tokens.CopyTo(_tokens.AsSpan(Position));
        Position += tokens.Length;
    }

    /// <summary>Forgets the tokens from <paramref name="position"/> on.</summary>
    public void Rewind(int position) => Position = position;

    /// <summary>Begins with the first <paramref name="tokens"/> tokens of another sequence of as many streams, which lies where this one does.</summary>
    public void CopyFrom(KeyValues other, int tokens)
    {
        if (tokens > 0) CopyStored(other, tokens);
        other.Tokens[..Math.Min(tokens, other._tokens.Length)].CopyTo(_tokens);
        (Position, Epoch) = (tokens, other.Epoch);
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Copies keys and values.</summary>
    protected abstract void CopyStored(KeyValues other, int tokens);
}
