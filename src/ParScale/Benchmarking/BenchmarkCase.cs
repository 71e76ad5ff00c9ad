using System.Diagnostics;
using System.Numerics.Tensors;
using ParScale.Kernels.Formats;
using ParScale.Kernels.KeysValues;
using ParScale.Kernels.Threads;
using ParScale.Model;

namespace ParScale.Benchmarking;

/// <summary>One row at work: the product's own forward pass, with a cache that holds the row's context.</summary>
internal sealed class BenchmarkCase : IDisposable
{
    private readonly ModelConfig _config;
    private readonly PrefixCache _prefix;
    private readonly ForwardPass _forward;
    private readonly KvCache _cache;
    private readonly int _context;
    private int _token;

    public BenchmarkCase(ModelConfig config, ModelWeights weights, WorkerPool pool, KvType cache, int context, int room)
    {
        (_config, _context) = (config, context);
        _prefix = new PrefixCache(config, weights.Layers, cache);
        _forward = new ForwardPass(config, weights, _prefix, pool);
        _cache = new KvCache(config, cache, room);
        Fill(room);
    }

    /// <summary>Tokens that a row's cache has room for.</summary>
    public static int Room(int context, int prompt) => Math.Max(context + 1, prompt);

    /// <summary>Bytes of keys and values of a number of tokens and of the prefix.</summary>
    public static long CacheBytes(ModelConfig config, KvType type, int tokens)
    {
        long Bytes(int streams, int slots) => KvBuffer.BytesFor(type, streams, config.KeyValueHeads, config.HeadSize, slots);
        return Enumerable.Range(0, config.LayerCount)
            .Sum(layer => Bytes(config.Streams, config.PrefixTokens) + Bytes(KvCache.StreamsIn(config, layer), tokens));
    }

    /// <summary>A step, and as much of a prompt as one pass takes.</summary>
    public void WarmUp(int prompt)
    {
        int tokens = Math.Min(prompt, _forward.MostTokens);
        if (tokens > 0) Prefill(new int[tokens]);
        Step();
    }

    /// <summary>One decode step after the context, from the last token to the next. Returns milliseconds.</summary>
    public double Step()
    {
        _cache.Rewind(_context);
        long start = Stopwatch.GetTimestamp();
        _token = Next(_forward.Run([_token], _cache));
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>Reads a prompt into the empty cache and chooses the token after it. Returns seconds.</summary>
    public double Prefill(ReadOnlySpan<int> tokens)
    {
        _cache.Rewind(0);
        long start = Stopwatch.GetTimestamp();
        ReadOnlySpan<float> mixed = default;
        for (int at = 0; at < tokens.Length; at += _forward.MostTokens)
            mixed = _forward.Run(tokens.Slice(at, Math.Min(_forward.MostTokens, tokens.Length - at)), _cache);
        _token = Next(mixed[^_config.HiddenSize..]);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _forward.Dispose();
        _cache.Dispose();
        _prefix.Dispose();
    }

    private int Next(ReadOnlySpan<float> mixed)
    {
        ReadOnlySpan<float> logits = _forward.Logits(mixed);
        if (!TensorPrimitives.IsFiniteAll(logits)) throw new InvalidOperationException("a logit is not finite");
        return TensorPrimitives.IndexOfMax(logits);
    }

    // Reading a long context with many streams would take minutes; what the numbers are does not change the time.
    private void Fill(int tokens)
    {
        int width = _config.KeyValueHeads * _config.HeadSize;
        var values = new float[width];
        for (int token = 0; token < tokens; token++)
        {
            for (int i = 0; i < width; i++) values[i] = ((token * 31 + i * 17) % 61 - 30) / 30f;
            for (int layer = 0; layer < _config.LayerCount; layer++)
                for (int stream = 0; stream < KvCache.StreamsIn(_config, layer); stream++) _cache.Layer(layer).Store(stream, token, values, values);
        }
        _cache.Advance(tokens);
    }
}
