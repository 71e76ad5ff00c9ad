using System.Numerics;
using System.Numerics.Tensors;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;
using ParScale.Kernels.MatMul;

namespace ParScale.Model;

/// <summary>The next tokens of one sequence in a pass.</summary>
/// <param name="Cache">Its keys and values, which hold what came before.</param>
/// <param name="Set">The streams that it runs with.</param>
/// <param name="Count">How many of the pass's tokens are its own; those of the sequences follow each other.</param>
/// <param name="Wanted">How many of them, the last ones, want logits.</param>
internal readonly record struct PassSequence(KvCache Cache, StreamSet Set, int Count, int Wanted)
{
    /// <summary>
    /// Which streams run at each wanted token, bit p for stream p; empty: all at all of them. Only an anchored set can leave some out,
    /// and never its anchor.
    /// </summary>
    public ReadOnlyMemory<ulong> Active { get; init; }

    /// <summary>Rows of the pass: P * T; of an anchored set one for each token, and one for each helper at a wanted one.</summary>
    public int Rows => Set.IsAnchored ? Count + Helpers : Set.Count * Count;

    /// <summary>Those of the wanted tokens.</summary>
    public int WantedRows => Set.IsAnchored ? Wanted + Helpers : Set.Count * Wanted;

    /// <summary>Streams that run at a wanted token, from 0.</summary>
    public ulong ActiveAt(int wanted) => Active.IsEmpty ? Set.AllStreams : Active.Span[wanted];

    private int Helpers
    {
        get
        {
            if (Active.IsEmpty) return (Set.Count - 1) * Wanted;
            int streams = 0;
            foreach (ulong active in Active.Span) streams += BitOperations.PopCount(active);
            return streams - Wanted;
        }
    }
}

/// <summary>
/// The path of a token, the file to read first. T new tokens, of one sequence or of many with different P, run through all their
/// streams at once, after whatever the caches hold: a prefill, a decode step, or both. Each weight is read once for all rows, and
/// what a sequence gets does not depend on the others in the pass.
/// </summary>
internal sealed class ForwardPass(Backbone backbone, WorkerPool pool) : IDisposable
{
    /// <summary>Most rows of one pass: a sequence takes P for each of its tokens.</summary>
    public const int MostRows = PassState.MostRows;

    /// <summary>Most rows that one call of <see cref="Logits"/> takes.</summary>
    public const int MostLogits = PassState.MostLogits;

    private readonly PassState _state = new(backbone.Config);

    /// <summary>
    /// The next tokens of the sequences, those of each together: [T] to mixed states [W, H], W being the tokens whose logits are wanted.
    /// Keys and values go into the caches.
    /// </summary>
    /// <exception cref="ArgumentException">The sequences do not have T tokens together, are too many, or a cache has no room.</exception>
    public ReadOnlySpan<float> Run(ReadOnlySpan<int> tokens, scoped ReadOnlySpan<PassSequence> sequences)
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
        return Aggregation.Mix(backbone.Config, _state, pool);                          // P states of a token -> one
    }

    /// <summary>Which experts were read since the start; null for a model without.</summary>
    public ExpertRoutes? Experts => _state.Routes;

    /// <summary>Mixed states [n, H] to logits [n, V], n at most <see cref="MostLogits"/>. Overwritten by the next call.</summary>
    public ReadOnlySpan<float> Logits(ReadOnlySpan<float> mixed)
    {
        int rows = mixed.Length / backbone.Config.HiddenSize;
        Span<float> logits = _state.LogitsFor(rows);
        Linear.Run(backbone.Head, mixed, rows, [], logits, pool, _state.Rounded);
        if (backbone.Config.LogitsDivisor != 1) TensorPrimitives.Divide(logits, (float)backbone.Config.LogitsDivisor, logits);
        if (backbone.Config.LogitsSoftCap is { } cap) SoftCap.Run(logits, (float)cap, pool);
        return logits;
    }

    /// <summary>
    /// What each stream contributed to a wanted token of the last <see cref="Run"/>: [P], with a sum of 1. <paramref name="row"/> counts P
    /// for every wanted token before it, whichever streams ran. Valid until the next pass, for sets of more than one stream.
    /// </summary>
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
