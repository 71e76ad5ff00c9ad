using ParScale.Kernels.Formats;
using ParScale.Kernels.KeysValues;

namespace ParScale.Model;

/// <summary>
/// Keys and values of one sequence's tokens: [P, key-value heads, capacity, D] per layer, and without P in layer 0, where
/// they are the same in all streams. The prefix is not here but in <see cref="PrefixCache"/>.
/// </summary>
internal sealed class KvCache : IDisposable
{
    private readonly KvBuffer[] _layers;

    /// <summary>Takes room for <paramref name="tokens"/> tokens. Memory is used only as they come.</summary>
    /// <exception cref="ParScaleException">The full cache would not fit into the machine's memory.</exception>
    public KvCache(ModelConfig config, KvType type, int tokens)
    {
        Capacity = tokens;
        CheckMemory(config, type, tokens);
        _layers = new KvBuffer[config.LayerCount];
        for (int i = 0; i < _layers.Length; i++)
            _layers[i] = new KvBuffer(type, StreamsIn(config, i), config.KeyValueHeads, config.HeadSize, tokens);
    }

    /// <summary>Tokens there is room for.</summary>
    public int Capacity { get; }

    /// <summary>Tokens stored so far; also the position of the next token, because the prefix takes none.</summary>
    public int Position { get; private set; }

    /// <summary>Keys and values of a layer.</summary>
    public KvBuffer Layer(int index) => _layers[index];

    /// <summary>Streams with keys and values of their own: in layer 0 they are the same in all.</summary>
    public static int StreamsIn(ModelConfig config, int layer) => layer == 0 ? 1 : config.Streams;

    /// <summary>What is taken when nobody asks for a type: as exact as the weights are.</summary>
    public static KvType DefaultType(WeightType weights) => weights is WeightType.F32 or WeightType.Bf16 ? KvType.F32 : KvType.Bf16;

    /// <summary>Counts tokens whose keys and values every layer has stored.</summary>
    public void Advance(int tokens) => Position += tokens;

    /// <summary>Forgets the tokens from <paramref name="position"/> on.</summary>
    public void Rewind(int position) => Position = position;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (KvBuffer layer in _layers) layer.Dispose();
    }

    private static void CheckMemory(ModelConfig config, KvType type, int tokens)
    {
        long bytes = 0;
        for (int i = 0; i < config.LayerCount; i++)
            bytes += KvBuffer.BytesFor(type, StreamsIn(config, i), config.KeyValueHeads, config.HeadSize, tokens);
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (bytes <= available) return;
        throw new ParScaleException(ErrorKind.NotEnoughMemory, "KV-01",
            $"a context of {tokens} tokens needs {bytes >> 20} MiB of cache, the machine has {available >> 20} MiB; ask for fewer tokens "
            + "or a smaller type of cache (--kv)");
    }
}
