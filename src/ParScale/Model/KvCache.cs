using ParScale.Configuration;
using ParScale.Kernels.Attention;
using ParScale.Kernels.Formats;

namespace ParScale.Model;

/// <summary>
/// Keys and values in the machine's memory: [P, key-value heads, capacity, D] per layer, and without P in layer 0. Memory is used only as
/// tokens come.
/// </summary>
internal sealed class KvCache : KeyValues
{
    private readonly KvBuffer[] _layers;

    /// <summary>Takes room for <paramref name="tokens"/> tokens.</summary>
    public KvCache(ModelConfig config, int streams, KvDtype type, int tokens) : base(config, streams, tokens, BytesFor(config, streams, type, tokens))
    {
        _layers = new KvBuffer[config.LayerCount];
        for (int i = 0; i < _layers.Length; i++)
            _layers[i] = new KvBuffer(type, StreamsIn(i, streams), config.KeyValueHeads, config.HeadSize, tokens);
    }

    /// <summary>Bytes of keys and values of a number of tokens.</summary>
    public static long BytesFor(ModelConfig config, int streams, KvDtype type, int tokens)
    {
        long Layer(int index) => KvBuffer.BytesFor(type, StreamsIn(index, streams), config.KeyValueHeads, config.HeadSize, tokens);
        return checked(Layer(0) + (config.LayerCount > 1 ? (config.LayerCount - 1) * Layer(1) : 0));
    }

    /// <summary>What is taken when nobody asks for a type.</summary>
    public static KvDtype DefaultType(WeightDtype weights) => WeightFormats.DefaultCache(weights);

    /// <summary>Keys and values of a layer.</summary>
    public KvBuffer Layer(int index) => _layers[index];

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (KvBuffer layer in _layers) layer.Dispose();
    }

    /// <inheritdoc/>
    protected override void CopyStored(KeyValues other, int tokens)
    {
        for (int i = 0; i < _layers.Length; i++) _layers[i].CopyFrom(((KvCache)other)._layers[i], tokens);
    }
}
