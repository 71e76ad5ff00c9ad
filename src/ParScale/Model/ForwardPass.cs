using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Threads;

namespace ParScale.Model;

/// <summary>
/// The path of a token, the file to read first. T new tokens run through all P streams at once, after whatever the caches
/// hold; with an empty cache this is the prefill, with one token it is a decode step, with several sequences a batch. What a
/// sequence gets does not depend on the others in the pass.
/// </summary>
internal sealed class ForwardPass(ModelConfig config, ModelWeights weights, PrefixCache prefix, WorkerPool pool) : IDisposable
{
    /// <summary>Most rows that one call of <see cref="Logits"/> takes.</summary>
    public const int MostLogits = ModelState.MostLogits;

    private readonly ModelState _state = new(config);

    /// <summary>Most tokens that one call of <see cref="Run(ReadOnlySpan{int}, ReadOnlySpan{SequenceSlice})"/> takes.</summary>
    public int MostTokens => _state.MostTokens;

    /// <summary>The next tokens of one sequence: [T] to [T, H] mixed states; keys and values go into the cache.</summary>
    public ReadOnlySpan<float> Run(ReadOnlySpan<int> tokens, KvCache cache) => Run(tokens, [new SequenceSlice(cache, tokens.Length)]);

    /// <summary>The next tokens of several sequences, those of each together: [T] to [T, H] mixed states.</summary>
    /// <exception cref="ArgumentException">The sequences do not have T tokens together, or a cache has no room for its own.</exception>
    public ReadOnlySpan<float> Run(ReadOnlySpan<int> tokens, scoped ReadOnlySpan<SequenceSlice> sequences)
    {
        int count = tokens.Length, hidden = config.HiddenSize, rows = config.Streams * count;
        _state.Begin(count, sequences);                                                 // positions and their angles
        Embedding.Lookup(weights.Embedding, tokens, _state.Hidden.AsSpan(0, count * hidden));   // [T] -> [T, H]
        for (int i = 0; i < weights.Layers.Count; i++)                                  // layer 0: [T, H] -> [P, T, H]
            Layer.Run(config, weights.Layers[i], i, _state, prefix, pool);              // the others: in place
        foreach (SequenceSlice sequence in sequences) sequence.Cache.Advance(sequence.Count);
        RmsNorm.AddAndRun(_state.Hidden.AsSpan(0, rows * hidden), weights.FinalNorm,
            (float)config.RmsNormEpsilon, _state.Normed.AsSpan(0, rows * hidden), pool);    // before mixing, as in the paper's code
        Aggregation.Mix(config, weights.Aggregator, count, _state, pool);               // [P, T, H] -> [T, H]
        return _state.Mixed.AsSpan(0, count * hidden);
    }

    /// <summary>Mixed states [n, H] to logits [n, V], n at most <see cref="MostLogits"/>. Overwritten by the next call.</summary>
    public ReadOnlySpan<float> Logits(ReadOnlySpan<float> mixed)
    {
        int rows = mixed.Length / config.HiddenSize;
        return LogitsHead.Run(weights.Head, mixed, rows, _state.LogitsFor(rows), _state, pool);
    }

    /// <inheritdoc/>
    public void Dispose() => _state.Dispose();
}
