using ParScale.Kernels.Ops;
using ParScale.Kernels.Threads;

namespace ParScale.Model;

/// <summary>
/// The path of a token, the file to read first. S new tokens run through all P streams at once, after whatever the cache
/// holds; with an empty cache this is the prefill, with one token it is a decode step.
/// </summary>
internal sealed class ForwardPass(ModelConfig config, ModelWeights weights, WorkerPool pool)
{
    private readonly ModelState _state = new(config);

    /// <summary>Most tokens that one call of <see cref="Run"/> takes.</summary>
    public int MostTokens => _state.MostTokens;

    /// <summary>[S] tokens to [S, H] mixed states; keys and values go into the cache.</summary>
    public ReadOnlySpan<float> Run(ReadOnlySpan<int> tokens, KvCache cache)
    {
        int count = tokens.Length, hidden = config.HiddenSize, rows = config.Streams * count;
        Span<float> embedded = _state.Token.AsSpan(0, count * hidden);

        Embedding.Lookup(weights.Embedding, tokens, embedded);                          // [S] -> [S, H]
        Streams.Replicate(embedded, config.Streams, _state.Hidden);                     // [S, H] -> [P, S, H]
        SetAngles(cache.Position, count);
        for (int i = 0; i < weights.Layers.Count; i++)
            Layer.Run(config, weights.Layers[i], i, count, _state, cache, pool);        // [P, S, H], in place
        cache.Advance(count);
        RmsNorm.Run(_state.Hidden.AsSpan(0, rows * hidden), weights.FinalNorm,
            (float)config.RmsNormEpsilon, _state.Normed.AsSpan(0, rows * hidden));      // before mixing, as in the paper's code
        Aggregation.Mix(config, weights.Aggregator, count, _state, pool);               // [P, S, H] -> [S, H]
        return _state.Mixed.AsSpan(0, count * hidden);
    }

    /// <summary>One mixed state [H] to logits [V]. The result is overwritten by the next call.</summary>
    public ReadOnlySpan<float> Logits(ReadOnlySpan<float> mixed) => LogitsHead.Run(weights.Head, mixed, _state.Logits, pool);

    // All streams share positions; prefix slots take none.
    private void SetAngles(int position, int count)
    {
        int half = config.HeadSize / 2;
        for (int s = 0; s < count; s++)
            Rope.Angles(position + s, config.RopeTheta, _state.Cosine.AsSpan(s * half, half), _state.Sine.AsSpan(s * half, half));
    }
}
