using ParScale.Kernels.Formats;
using ParScale.Kernels.KeysValues;

namespace ParScale.Model;

/// <summary>
/// The learned keys and values before every sequence, [P, key-value heads, prefix, D] per layer, stored as the caches are:
/// made once per model and shared by all its sequences.
/// </summary>
internal sealed class PrefixCache : IDisposable
{
    private readonly KvBuffer[] _layers;

    /// <summary>Stores the prefixes of all layers; nothing when the model has none.</summary>
    public PrefixCache(ModelConfig config, IReadOnlyList<LayerWeights> layers, KvType type)
    {
        Type = type;
        _layers = config.PrefixTokens == 0 ? [] : [.. layers.Select(layer => Store(config, layer, type))];
    }

    /// <summary>How numbers are stored, here and in the caches of the sequences.</summary>
    public KvType Type { get; }

    /// <summary>The prefix of a layer; null when the model has none.</summary>
    public KvBuffer? Layer(int index) => _layers.Length == 0 ? null : _layers[index];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (KvBuffer layer in _layers) layer.Dispose();
    }

    // A checkpoint has [P, heads, slot, D], a cache takes [heads, D] of one slot.
    private static KvBuffer Store(ModelConfig config, LayerWeights layer, KvType type)
    {
        int size = config.HeadSize, heads = config.KeyValueHeads, slots = config.PrefixTokens;
        var buffer = new KvBuffer(type, config.Streams, heads, size, slots);
        float[] keys = new float[heads * size], values = new float[heads * size];
        for (int stream = 0; stream < config.Streams; stream++)
        {
            for (int slot = 0; slot < slots; slot++)
            {
                for (int head = 0; head < heads; head++)
                {
                    int from = ((stream * heads + head) * slots + slot) * size;
                    layer.PrefixKeys.AsSpan(from, size).CopyTo(keys.AsSpan(head * size));
                    layer.PrefixValues.AsSpan(from, size).CopyTo(values.AsSpan(head * size));
                }
                buffer.Store(stream, slot, keys, values);
            }
        }
        return buffer;
    }
}
