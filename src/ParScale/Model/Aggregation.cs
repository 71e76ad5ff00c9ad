using ParScale.Kernels.Elementwise;
using ParScale.Kernels.MatMul;
using ParScale.Kernels.Threads;

namespace ParScale.Model;

/// <summary>
/// Mixes the P final states of each token: w = softmax(W2 silu(W1 u + b1) + b2), smoothed to w (1 - eps) + eps / P;
/// y = sum_p w_p x_p. The identity when P = 1. Source: ParScale paper, aggregation.
/// </summary>
internal static class Aggregation
{
    /// <summary>state.Normed [P, S, H] to state.Mixed [S, H].</summary>
    public static void Mix(ModelConfig config, AggregatorWeights? weights, int tokens, ModelState state, WorkerPool pool)
    {
        int hidden = config.HiddenSize, streams = config.Streams;
        ReadOnlySpan<float> x = state.Normed.AsSpan(0, streams * tokens * hidden);
        if (weights is null)
        {
            x.CopyTo(state.Mixed);
            return;
        }
        Span<float> joined = state.Joined.AsSpan(0, tokens * hidden * streams);
        Span<float> inner = state.AggregatorInner.AsSpan(0, tokens * hidden);
        Span<float> mix = state.StreamWeights.AsSpan(0, tokens * streams);

        for (int s = 0; s < tokens; s++)
            for (int p = 0; p < streams; p++)
                for (int h = 0; h < hidden; h++)
                    joined[(s * hidden + h) * streams + p] = x[(p * tokens + s) * hidden + h];
        Linear.Run(weights.Inner, joined, tokens, weights.InnerBias, inner, pool, state.Rounded);
        SwiGlu.Silu(inner);
        Linear.Run(weights.Outer, inner, tokens, weights.OuterBias, mix, pool, state.Rounded);

        float smoothing = (float)config.AttentionSmoothing;
        for (int s = 0; s < tokens; s++)
        {
            Span<float> w = mix.Slice(s * streams, streams);
            Softmax.Run(w);
            foreach (ref float weight in w) weight = weight * (1 - smoothing) + smoothing / streams;
            WeightedSum.Run(w, x[(s * hidden)..], tokens * hidden, state.Mixed.AsSpan(s * hidden, hidden));
        }
    }
}
