namespace ParScale.Model;

/// <summary>
/// Keys and values of one sequence: per layer [P, key-value heads, capacity, D], the learned prefix in the first slots of
/// each stream, then one slot per token.
/// </summary>
internal sealed class KvCache
{
    private readonly ModelConfig _config;
    private readonly float[][] _keys;
    private readonly float[][] _values;

    /// <summary>Takes room for <paramref name="tokens"/> tokens beside the prefix, and puts the prefix in place.</summary>
    /// <exception cref="ParScaleException">The cache would not fit into the machine's memory.</exception>
    public KvCache(ModelConfig config, IReadOnlyList<LayerWeights> layers, int tokens)
    {
        _config = config;
        Capacity = config.PrefixTokens + tokens;
        long perLayer = (long)config.Streams * config.KeyValueHeads * Capacity * config.HeadSize;
        CheckMemory(perLayer, layers.Count, tokens);
        _keys = new float[layers.Count][];
        _values = new float[layers.Count][];
        for (int i = 0; i < layers.Count; i++)
        {
            _keys[i] = new float[perLayer];
            _values[i] = new float[perLayer];
            SeedPrefix(layers[i].PrefixKeys, _keys[i]);
            SeedPrefix(layers[i].PrefixValues, _values[i]);
        }
    }

    /// <summary>Slots per stream and head, prefix included.</summary>
    public int Capacity { get; }

    /// <summary>Tokens stored so far; also the position of the next token, because the prefix takes none.</summary>
    public int Position { get; private set; }

    /// <summary>Slots in use: prefix and tokens.</summary>
    public int Filled => _config.PrefixTokens + Position;

    public ReadOnlySpan<float> Keys(int layer) => _keys[layer];

    public ReadOnlySpan<float> Values(int layer) => _values[layer];

    /// <summary>Stores the keys and values of the next tokens. keys, values: [P, tokens, key-value heads, D].</summary>
    public void Store(int layer, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, int tokens)
    {
        int size = _config.HeadSize, row = 0;
        for (int stream = 0; stream < _config.Streams; stream++)
        {
            for (int token = 0; token < tokens; token++)
            {
                for (int head = 0; head < _config.KeyValueHeads; head++, row++)
                {
                    int slot = ((stream * _config.KeyValueHeads + head) * Capacity + Filled + token) * size;
                    keys.Slice(row * size, size).CopyTo(_keys[layer].AsSpan(slot));
                    values.Slice(row * size, size).CopyTo(_values[layer].AsSpan(slot));
                }
            }
        }
    }

    /// <summary>Counts tokens whose keys and values every layer has stored.</summary>
    public void Advance(int tokens) => Position += tokens;

    /// <summary>Forgets the tokens from <paramref name="position"/> on; the prefix stays.</summary>
    public void Rewind(int position) => Position = position;

    private void SeedPrefix(float[] prefix, float[] cache)
    {
        int block = _config.PrefixTokens * _config.HeadSize;
        for (int i = 0; i < _config.Streams * _config.KeyValueHeads && block > 0; i++)
            prefix.AsSpan(i * block, block).CopyTo(cache.AsSpan(i * Capacity * _config.HeadSize));
    }

    private static void CheckMemory(long perLayer, int layers, int tokens)
    {
        long bytes = 2 * sizeof(float) * perLayer * layers;
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (bytes <= available && perLayer <= Array.MaxLength) return;
        throw new ParScaleException(ErrorKind.NotEnoughMemory, "KV-01",
            $"a context of {tokens} tokens needs {bytes >> 20} MiB of cache, the machine has {available >> 20} MiB and a layer may take "
            + $"{(long)Array.MaxLength * sizeof(float) >> 20} MiB; ask for fewer tokens");
    }
}
