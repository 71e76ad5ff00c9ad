using ParScale.Configuration;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;
using ParScale.Kernels.MatMul;

namespace ParScale.Model;

/// <summary>
/// Mixes the P final states of each token: w = softmax(W2 silu(W1 u + b1) + b2), smoothed to w (1 - eps) + eps / P;
/// y = sum_p w_p x_p. The identity when P = 1. Source: ParScale paper, aggregation.
/// </summary>
internal static class Aggregation
{
    /// <summary>state.Normed, the rows of the wanted tokens, to state.Mixed [W, H]. Sequences that follow each other with one set are mixed together. Returns W.</summary>
    public static int Mix(ModelConfig config, PassState state, WorkerPool pool)
    {
        int row = 0, token = 0, weight = 0;
        ReadOnlySpan<PassSequence> left = state.Sequences;
        while (left.Length > 0)
        {
            StreamSet set = left[0].Set;
            int count = 1;
            while (count < left.Length && left[count].Set == set) count++;
            ReadOnlySpan<PassSequence> same = left[..count];
            ReadOnlySpan<float> x = state.Normed.AsSpan(row * config.HiddenSize);
            Span<float> mixed = state.Mixed.AsSpan(token * config.HiddenSize);
            int tokens = 0;
            foreach (PassSequence sequence in same) (tokens, row) = (tokens + sequence.Wanted, row + sequence.WantedRows);
            Span<float> weights = state.StreamWeights.AsSpan(weight, set.Count * tokens);
            if (set.IsAnchored) AnchoredAggregation.Mix(config.HiddenSize, set, same, x, weights, mixed, state, pool);
            else if (tokens > 0) Mix(config.HiddenSize, set, same, tokens, x, weights, mixed, state, pool);
            token += tokens;
            weight += set.Count * tokens;
            left = left[count..];
        }
        return token;
    }

    /// <summary>W2 silu(W1 u + b1) + b2: the scores [W, P] of the joined states [W, H*P] of W tokens.</summary>
    internal static void Score(
        AggregatorWeights weights, ReadOnlySpan<float> joined, int tokens, int hidden, Span<float> scores, PassState state, WorkerPool pool)
    {
        Span<float> inner = state.AggregatorInner.AsSpan(0, tokens * hidden);
        Linear.Run(weights.Inner, joined, tokens, weights.InnerBias, inner, pool, state.Rounded);
        SwiGlu.Silu(inner);
        Linear.Run(weights.Outer, inner, tokens, weights.OuterBias, scores, pool, state.Rounded);
    }

    /// <summary>Puts the state [H] of a stream among the joined states of its token, which are hidden-major: [H*P].</summary>
    internal static void Place(ReadOnlySpan<float> state, int stream, int streams, Span<float> joined)
    {
        for (int h = 0; h < state.Length; h++) joined[h * streams + stream] = state[h];
    }

    /// <summary>w (1 - eps) + eps / P for P streams that run.</summary>
    internal static float Smoothed(float weight, float smoothing, int streams) => weight * (1 - smoothing) + smoothing / streams;

    private static void Mix(
        int hidden, StreamSet set, ReadOnlySpan<PassSequence> sequences, int tokens, ReadOnlySpan<float> x, Span<float> mix, Span<float> mixed,
        PassState state, WorkerPool pool)
    {
        int streams = set.Count;
        x = x[..(streams * tokens * hidden)];
        if (set.Aggregator is not { } weights)
        {
            x.CopyTo(mixed);
            return;
        }
        Span<float> joined = state.Joined.AsSpan(0, x.Length);
        Join(x, hidden, streams, sequences, joined);
        Score(weights, joined, tokens, hidden, mix, state, pool);

        float smoothing = (float)set.Config.Smoothing;
        foreach (PassSequence sequence in sequences)
        {
            for (int t = 0; t < sequence.Wanted; t++)
            {
                Span<float> w = mix[..streams];
                Softmax.Run(w);
                foreach (ref float weight in w) weight = Smoothed(weight, smoothing, streams);
                WeightedSum.Run(w, x[(t * hidden)..], sequence.Wanted * hidden, mixed[..hidden]);
                mix = mix[streams..];
                mixed = mixed[hidden..];
            }
            x = x[(streams * sequence.Wanted * hidden)..];
        }
    }

    // The P states of a token side by side, hidden-major: [tokens, H*P].
    private static void Join(ReadOnlySpan<float> x, int hidden, int streams, ReadOnlySpan<PassSequence> sequences, Span<float> joined)
    {
        foreach (PassSequence sequence in sequences)
        {
            for (int t = 0; t < sequence.Wanted; t++)
            {
                for (int p = 0; p < streams; p++) Place(x.Slice((p * sequence.Wanted + t) * hidden, hidden), p, streams, joined);
                joined = joined[(hidden * streams)..];
            }
            x = x[(streams * sequence.Wanted * hidden)..];
        }
    }
}
