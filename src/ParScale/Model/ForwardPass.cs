using System.Numerics.Tensors;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.MatMul;

namespace ParScale.Model;

/// <summary>
/// The path of a token, the file to read first. T new tokens, of one sequence or of many with different P, run through all their
/// streams at once, after whatever the caches hold: a prefill, a decode step, or both. Each weight is read once for all rows, and
/// what a sequence gets does not depend on the others in the pass.
/// </summary>
internal sealed class ForwardPass(Backbone backbone, WorkerPool pool) : IForwardPass
{
    /// <summary>Most rows of one pass: a sequence takes P for each of its tokens.</summary>
    public const int MostRows = PassState.MostRows;

    /// <summary>Most rows that one call of <see cref="Logits"/> takes.</summary>
    public const int MostLogits = PassState.MostLogits;

    private readonly PassState _state = new(backbone.Config);

    /// <inheritdoc/>
    public long? MemoryLeft => null;

    /// <inheritdoc/>
    public void Add(StreamSet set)
    {
        // The weights are where the CPU reads them.
    }

    /// <inheritdoc/>
    public long CacheBytes(StreamSet set, KvDtype type, int tokens) => KvCache.BytesFor(backbone.Config, set.Cached.Count, type, tokens);

    /// <inheritdoc/>
    public KeyValues NewCache(StreamSet set, KvDtype type, int tokens) => new KvCache(backbone.Config, set.Cached.Count, type, tokens);

    /// <inheritdoc/>
    public int Run(ReadOnlySpan<int> tokens, scoped ReadOnlySpan<PassSequence> sequences)
    {
        int hidden = backbone.Config.HiddenSize;
        _state.Begin(tokens.Length, sequences);                                         // positions and their angles
        for (int t = 0; t < tokens.Length; t++)                                         // [T] -> [T, H]
            backbone.Embedding.CopyRow(tokens[t], _state.Hidden.AsSpan(t * hidden, hidden));
        if (backbone.EmbeddingScale != 1) Multiply(_state.Hidden.AsSpan(0, tokens.Length * hidden), backbone.EmbeddingScale);
        for (int i = 0; i < backbone.Layers.Count; i++)                                 // layer 0: [T, H] -> [R, H]
            Layer.Run(backbone.Config, backbone.Layers[i], i, _state, pool);            // the others: in place
        Advance(tokens, sequences);
        int rows = _state.KeepWanted();                                                 // [R, H] -> those whose logits are wanted
        RmsNorm.AddAndRun(_state.Hidden.AsSpan(0, rows * hidden), backbone.FinalNorm,
            (float)backbone.Config.RmsNormEpsilon, _state.Normed.AsSpan(0, rows * hidden), pool);   // before mixing, as in the paper's code
        return Aggregation.Mix(backbone.Config, _state, pool);                          // P states of a token -> one, [W, H]
    }

    /// <summary>Which experts were read since the start; null for a model without.</summary>
    public ExpertRoutes? Experts => _state.Routes;

    /// <inheritdoc/>
    public ReadOnlySpan<float> Logits(int first, int count)
    {
        int hidden = backbone.Config.HiddenSize;
        Span<float> logits = _state.LogitsFor(count);
        Linear.Run(backbone.Head, _state.Mixed.AsSpan(first * hidden, count * hidden), count, [], logits, pool, _state.Rounded);
        if (backbone.Config.LogitsDivisor != 1) TensorPrimitives.Divide(logits, (float)backbone.Config.LogitsDivisor, logits);
        if (backbone.Config.LogitsSoftCap is { } cap) SoftCap.Run(logits, (float)cap, pool);
        return logits;
    }

    /// <inheritdoc/>
    public Likeliest LikeliestOf(int token) => default;

    /// <inheritdoc/>
    public ReadOnlySpan<float> StreamWeights(int row, int streams) => _state.StreamWeights.AsSpan(row, streams);

    /// <inheritdoc/>
    public void Dispose() => _state.Dispose();

    private static void Multiply(Span<float> x, float factor) => TensorPrimitives.Multiply(x, factor, x);

    private static void Advance(ReadOnlySpan<int> tokens, ReadOnlySpan<PassSequence> sequences)
    {
        foreach (PassSequence sequence in sequences)
        {
            sequence.Cache.Advance(tokens[..sequence.Count]);
            tokens = tokens[sequence.Count..];
        }
    }
}
