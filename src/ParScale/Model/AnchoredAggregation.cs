using System.Numerics;
using System.Numerics.Tensors;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;

namespace ParScale.Model;

/// <summary>
/// Mixes the streams that run at each token of anchored sequences: one that does not run gives zeros to the aggregator and gets no
/// weight; the smoothing is eps over the number that run. Where the anchor runs alone, its state is the result.
/// </summary>
internal static class AnchoredAggregation
{
    /// <summary>
    /// x: for each sequence of the set the rows of its wanted tokens, then those of their helpers; weights: [W, P]; mixed: [W, H].
    /// </summary>
    public static void Mix(
        int hidden, StreamSet set, ReadOnlySpan<PassSequence> sequences, ReadOnlySpan<float> x, Span<float> weights, Span<float> mixed,
        PassState state, WorkerPool pool)
    {
        // So many that their joined states are no more than the rows of a pass.
        Span<AnchoredToken> batch = state.Chosen.AsSpan(0, PassState.MostRows / set.Count);
        int row = 0, token = 0, count = 0;
        weights.Clear();
        foreach (PassSequence sequence in sequences)
        {
            int helper = row + sequence.Wanted;
            for (int i = 0; i < sequence.Wanted; i++, row++, token++)
            {
                ulong active = sequence.ActiveAt(i);
                if (active == 1)
                {
                    x.Slice(row * hidden, hidden).CopyTo(mixed[(token * hidden)..]);
                    weights[token * set.Count] = 1;
                    continue;
                }
                batch[count++] = new AnchoredToken(active, row, helper, token);
                helper += BitOperations.PopCount(active) - 1;
                if (count < batch.Length) continue;
                Mix(hidden, set, batch, x, weights, mixed, state, pool);
                count = 0;
            }
            row = helper;
        }
        if (count > 0) Mix(hidden, set, batch[..count], x, weights, mixed, state, pool);
    }

    private static void Mix(
        int hidden, StreamSet set, ReadOnlySpan<AnchoredToken> tokens, ReadOnlySpan<float> x, Span<float> weights, Span<float> mixed,
        PassState state, WorkerPool pool)
    {
        int streams = set.Count;
        float smoothing = (float)set.Config.Smoothing;
        Span<float> joined = state.Joined.AsSpan(0, tokens.Length * streams * hidden);
        Span<float> scores = stackalloc float[PassState.MostRows], shares = stackalloc float[streams];
        scores = scores[..(tokens.Length * streams)];
        joined.Clear();
        for (int i = 0; i < tokens.Length; i++)
        {
            Span<float> own = joined.Slice(i * streams * hidden, streams * hidden);
            for (ulong left = tokens[i].Active; left != 0; left &= left - 1)
            {
                int stream = BitOperations.TrailingZeroCount(left);
                Aggregation.Place(tokens[i].State(x, hidden, stream), stream, streams, own);
            }
        }
        Aggregation.Score(set.Aggregator!, joined, tokens.Length, hidden, scores, state, pool);
        for (int i = 0; i < tokens.Length; i++)
        {
            AnchoredToken token = tokens[i];
            int running = 0;
            for (ulong left = token.Active; left != 0; left &= left - 1)
                shares[running++] = scores[i * streams + BitOperations.TrailingZeroCount(left)];
            Softmax.Run(shares[..running]);
            Span<float> result = mixed.Slice(token.Token * hidden, hidden);
            result.Clear();
            int next = 0;
            for (ulong left = token.Active; left != 0; left &= left - 1)
            {
                int stream = BitOperations.TrailingZeroCount(left);
                float share = Aggregation.Smoothed(shares[next++], smoothing, running);
                weights[token.Token * streams + stream] = share;
                TensorPrimitives.MultiplyAdd(token.State(x, hidden, stream), share, result, result);
            }
        }
    }
}

/// <summary>A token of an anchored sequence at which helpers run.</summary>
/// <param name="Active">Bit p for every stream p that runs; the anchor is one of them.</param>
/// <param name="Anchor">The row of its anchor.</param>
/// <param name="Helper">The row of its first helper; the others follow by stream.</param>
/// <param name="Token">Its place among the mixed tokens.</param>
internal readonly record struct AnchoredToken(ulong Active, int Anchor, int Helper, int Token)
{
    /// <summary>The state [H] of a stream that runs.</summary>
    public ReadOnlySpan<float> State(ReadOnlySpan<float> x, int hidden, int stream)
    {
        int row = stream == 0 ? Anchor : Helper + BitOperations.PopCount(Active & ((1UL << stream) - 1)) - 1;
        return x.Slice(row * hidden, hidden);
    }
}
