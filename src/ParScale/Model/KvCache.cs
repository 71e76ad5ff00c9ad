using ParScale.Configuration;
using ParScale.Kernels.Attention;
using ParScale.Kernels.Formats;

namespace ParScale.Model;

/// <summary>
/// Keys and values of one sequence's tokens: [P, key-value heads, capacity, D] per layer, and without P in layer 0, where they are
/// the same in all streams. The prefix is not here but in the <see cref="StreamSet"/>.
/// </summary>
internal sealed class KvCache : IDisposable
{
    private readonly KvBuffer[] _layers;

    // Only where keys may have to be computed anew, and then all of them.
    private readonly int[] _tokens;

    /// <summary>Takes room for <paramref name="tokens"/> tokens. Memory is used only as they come.</summary>
    public KvCache(ModelConfig config, int streams, KvDtype type, int tokens)
    {
        (Streams, Capacity, Bytes) = (streams, tokens, BytesFor(config, streams, type, tokens));
        _layers = new KvBuffer[config.LayerCount];
        _tokens = config.Rotations.Any(rotation => rotation.DependsOnLength) ? new int[tokens] : [];
        for (int i = 0; i < _layers.Length; i++)
            _layers[i] = new KvBuffer(type, StreamsIn(i, streams), config.KeyValueHeads, config.HeadSize, tokens);
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

    /// <summary>Bytes of keys and values of a number of tokens.</summary>
    public static long BytesFor(ModelConfig config, int streams, KvDtype type, int tokens)
    {
        long Layer(int index) => KvBuffer.BytesFor(type, StreamsIn(index, streams), config.KeyValueHeads, config.HeadSize, tokens);
        return checked(Layer(0) + (config.LayerCount > 1 ? (config.LayerCount - 1) * Layer(1) : 0));
    }

    /// <summary>What is taken when nobody asks for a type: as exact as the weights are.</summary>
    public static KvDtype DefaultType(WeightDtype weights) => weights is WeightDtype.F32 or WeightDtype.Bf16 ? KvDtype.F32 : KvDtype.Bf16;

    /// <summary>Streams with keys and values of their own: in layer 0 they are the same in all.</summary>
    public static int StreamsIn(int layer, int streams) => layer == 0 ? 1 : streams;

    /// <summary>Keys and values of a layer.</summary>
    public KvBuffer Layer(int index) => _layers[index];

    /// <summary>Counts tokens whose keys and values every layer has stored.</summary>
    public void Advance(ReadOnlySpan<int> tokens)
    {
        if (_tokens.Length > 0) tokens.CopyTo(_tokens.AsSpan(Position));
        Position += tokens.Length;
    }

    /// <summary>Forgets the tokens from <paramref name="position"/> on.</summary>
    public void Rewind(int position) => Position = position;

    /// <summary>Begins with the first <paramref name="tokens"/> tokens of another sequence of as many streams.</summary>
    public void CopyFrom(KvCache other, int tokens)
    {
        for (int i = 0; i < _layers.Length; i++) _layers[i].CopyFrom(other._layers[i], tokens);
        other.Tokens[..Math.Min(tokens, other._tokens.Length)].CopyTo(_tokens);
        (Position, Epoch) = (tokens, other.Epoch);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (KvBuffer layer in _layers) layer.Dispose();
    }
}
